import fc from 'fast-check'
import t from 'tap'
import { dayOf, instantOf } from './instant.ts'

const runs = {
  numRuns: Number(process.env['FC_RUNS'] ?? 300),
  ...(process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {})
}

t.test('T-03, DM-LOCALE: an instant is what Date.parse makes of it, and has an offset', async t => {
  const date = fc.date({
    min: new Date('2000-01-01T00:00:00Z'),
    max: new Date('2099-12-31T00:00:00Z'),
    noInvalidDate: true
  })
  const holds = () =>
    fc.assert(
      fc.property(date, fc.integer({ min: -14 * 4, max: 14 * 4 }), (instant, quarters) => {
        const local = new Date(instant.getTime() + quarters * 900_000).toISOString().slice(0, 23)
        const hours = String(Math.floor(Math.abs(quarters) / 4)).padStart(2, '0')
        const minutes = String((Math.abs(quarters) % 4) * 15).padStart(2, '0')
        const text = `${local}${quarters < 0 ? '-' : '+'}${hours}:${minutes}`
        if (!local.startsWith('20')) return true
        return instantOf(text) === instant.getTime() && Number.isNaN(instantOf(local))
      }),
      runs
    )
  t.doesNotThrow(holds)
})

t.test('a text that is no instant is not taken for one', async t => {
  for (const text of [
    '',
    '2025-03-29',
    '2025-03-29T18:00',
    '2025-03-29T18:00:00',
    '2025-02-29T18:00:00Z',
    '2025-13-01T00:00:00Z',
    '2025-03-29T24:00:00Z',
    '2025-03-29T23:60:00Z',
    '2025-03-29T23:59:60Z',
    '2025-03-29T18:00:00+25:00',
    '1999-03-29T18:00:00Z',
    '2025-03-29 18:00:00Z',
    '2025-03-29T18:00:00.1234Z',
    '٢٠٢٥-03-29T18:00:00Z'
  ])
    t.ok(Number.isNaN(instantOf(text)), text)
  t.equal(instantOf('2025-03-29T18:00:00.5-03:30'), Date.parse('2025-03-29T21:30:00.500Z'))
})

/** What the rule says, by a pattern and `Date`: slower, and easier to believe. */
const pattern = /^20\d{2}-\d{2}-\d{2}T(\d{2}):\d{2}:(\d{2})(\.\d{1,3})?(Z|[+-](\d{2}):([0-5]\d))$/
const byPattern = (text: string): number => {
  const match = pattern.exec(text)
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`)
  const exists = Number.isFinite(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10))
  if (!match || !exists || Number(match[1]) > 23 || Number(match[5] ?? 0) > 14) return NaN
  return Date.parse(text)
}

t.test('a text of digits and signs is an instant exactly when the pattern and the calendar say so', async t => {
  const digits = (most: number) => fc.integer({ min: 0, max: most }).map(number => String(number).padStart(2, '0'))
  const text = fc
    .tuple(
      fc.constantFrom('20', '20', '19', '2'),
      digits(99),
      digits(13),
      digits(32),
      digits(25),
      digits(61),
      digits(61),
      fc.constantFrom('', '', '.', '.5', '.25', '.999', '.1234'),
      fc.constantFrom('Z', '+01:00', '-03:30', '+14:59', '+15:00', '+1:00', '', 'Z ', '+01:60')
    )
    .map(
      ([century, year, month, day, hour, minute, second, fraction, offset]) =>
        `${century}${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}${offset}`
    )
  const holds = () =>
    fc.assert(
      fc.property(text, one => Object.is(instantOf(one), byPattern(one))),
      runs
    )
  t.doesNotThrow(holds)
  const cutHolds = () =>
    fc.assert(
      fc.property(text, fc.nat({ max: 30 }), (one, at) =>
        Object.is(instantOf(one.slice(0, at)), byPattern(one.slice(0, at)))
      ),
      runs
    )
  t.doesNotThrow(cutHolds)
})

t.test('a day is one that the calendar has', async t => {
  t.equal(dayOf('2024-02-29'), Date.UTC(2024, 1, 29))
  for (const text of ['2025-02-29', '2025-04-31', '2025-00-10', '2025-10-00', '2025-1-100', ''])
    t.ok(Number.isNaN(dayOf(text)), text)
})
