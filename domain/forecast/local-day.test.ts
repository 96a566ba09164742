import t from 'tap'
import { dayEnd, dayTypeOf, easterSunday, localDay, localDayAt } from './local-day.ts'

const zone = 'Europe/Rome'

t.test('T-42: a Sunday and an Italian holiday are holidays, whatever their weekday', async t => {
  const dates = ['2016-01-05', '2016-01-06', '2016-07-23', '2016-07-24', '2016-03-28', '2026-06-29', '2026-12-26']
  t.strictSame(
    dates.map(date => dayTypeOf(date)),
    ['workday', 'holiday', 'saturday', 'holiday', 'holiday', 'holiday', 'holiday']
  )
})

t.test("T-42: a place's own holiday is one there and nowhere else", async t => {
  t.equal(dayTypeOf('2026-06-29', []), 'workday')
  t.equal(dayTypeOf('2026-12-07', ['12-07']), 'holiday')
  t.equal(localDay('2026-06-29', zone, []).type, 'workday')
})

t.test('Easter Sunday is right in ordinary years and in the extreme ones', async t => {
  t.strictSame([1943, 2000, 2016, 2024, 2025, 2026, 2038].map(easterSunday), [
    '1943-04-25',
    '2000-04-23',
    '2016-03-27',
    '2024-03-31',
    '2025-04-20',
    '2026-04-05',
    '2038-04-25'
  ])
})

t.test('T-03: a normal day has the 96 quarter-hours of the clock in order', async t => {
  const day = localDay('2016-01-05', zone)
  t.strictSame(
    day.slots,
    Array.from({ length: 96 }, (_, slot) => slot)
  )
  t.equal(day.start, Date.parse('2016-01-04T23:00Z'))
  t.equal(day.month, 0)
})

t.test('T-03: the day of 92 leaves out the hour from two to three, the day of 100 has it twice', async t => {
  const spring = localDay('2016-03-27', zone)
  t.equal(spring.slots.length, 92)
  t.strictSame(spring.slots.slice(6, 10), [6, 7, 12, 13])
  const autumn = localDay('2016-10-30', zone)
  t.equal(autumn.slots.length, 100)
  t.strictSame(autumn.slots.slice(6, 18), [6, 7, 8, 9, 10, 11, 8, 9, 10, 11, 12, 13])
})

t.test('one day ends where the next one begins, also when the clock changes', async t => {
  for (const [date, next] of [
    ['2016-03-27', '2016-03-28'],
    ['2016-10-30', '2016-10-31'],
    ['2016-12-31', '2017-01-01']
  ] as const)
    t.same(localDayAt(dayEnd(localDay(date, zone)), zone), localDay(next, zone))
})
