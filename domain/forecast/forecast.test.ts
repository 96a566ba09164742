import t from 'tap'
import { MTU_MS } from '../units/time.ts'
import { daysAround, forecastDay, forecastNext } from './forecast.ts'
import { learn } from './learn.ts'
import { localDay } from './local-day.ts'
import { aDay, learned, rome, zone } from './series.fixtures.ts'
import { initialModel, type SeriesModel } from './series-model.ts'
import { withStandardCurves } from './typical-profile.ts'
import type { Weather } from './weather.ts'

/** Workdays, Saturdays and holidays differ; the morning differs from the evening. */
const household = (slot: number, { type }: { readonly type: string }): number =>
  (slot < 48 ? 500 : 1500) + { workday: 0, saturday: 200, holiday: 400 }[type as 'workday']

const day = (model: SeriesModel, date: string) => forecastDay(model, localDay(date, zone))

t.test('DTP-FC-03: a day has a forecast for each of its quarter-hours, 96, 92 or 100', async t => {
  const model = learned(initialModel('A'), '2016-01-01', 60, household)
  for (const [date, count] of [
    ['2016-03-02', 96],
    ['2016-03-27', 92],
    ['2016-10-30', 100]
  ] as const) {
    const forecast = day(model, date)
    for (const name of ['p', 'q', 'low', 'median', 'high'] as const) t.equal(forecast?.[name].length, count, name)
    t.equal(forecast?.start, localDay(date, zone).start)
  }
})

t.test('DTP-FC-02: each day type has its own profile', async t => {
  const model = learned(initialModel('A'), '2016-01-01', 40, household)
  t.strictSame(
    ['2016-02-10', '2016-02-13', '2016-02-14'].map(date => [day(model, date)?.p[0], day(model, date)?.p[95]]),
    [
      [500, 1500],
      [700, 1700],
      [900, 1900]
    ]
  )
})

t.test('DTP-FC-02: each month has its own profile, and a month without days takes its neighbours', async t => {
  const byMonth = (_: number, { month }: { readonly month: number }): number => 1000 * (month + 1)
  const model = learned(initialModel('A'), '2015-01-01', 730, byMonth)
  t.equal(day(model, '2017-07-12')?.basis, 'own-month')
  // A year and a half later only the typical profiles are left, July's above all.
  const july = day(model, '2018-07-12')?.p[0] ?? 0
  t.ok(Math.abs(july - 7000) < 100, `${july} W`)
  const winter = learned(initialModel('B'), '2016-01-01', 31, byMonth)
  t.equal(day(winter, '2016-02-10')?.basis, 'other-months')
  t.equal(day(winter, '2016-02-10')?.p[0], 1000)
})

t.test('DTP-FC-02: a day type never seen takes another one, and says so', async t => {
  const model = learned(initialModel('A'), '2016-01-11', 5, household)
  const saturday = day(model, '2016-01-16')
  t.equal(saturday?.basis, 'other-day-type')
  t.equal(saturday?.p[0], 500)
})

t.test('nothing is forecast of a series of which nothing is known', async t => {
  t.equal(day(initialModel('A'), '2016-01-16'), undefined)
  t.equal(forecastNext(initialModel('A'), Date.parse('2016-01-16T00:00Z'), { zone }), undefined)
})

t.test('T-42: standard curves stand in for a customer until it is measured, and give way then', async t => {
  const curve = (p: number) => Array.from({ length: 96 }, () => ({ p, q: p / 10 }))
  const seeded = withStandardCurves(initialModel('A'), { workday: curve(400), saturday: curve(600), holiday: [] })
  t.equal(day(seeded, '2016-05-11')?.p[0], 400)
  t.equal(day(seeded, '2016-05-11')?.q[0], 40)
  t.equal(day(seeded, '2016-05-14')?.p[0], 600)
  t.equal(day(seeded, '2016-05-15')?.basis, 'other-day-type')
  const measured = learned(seeded, '2016-04-01', 40, () => 1000)
  t.ok((day(measured, '2016-05-11')?.p[0] ?? 0) > 900)
})

t.test('DTP-FC-04: a model follows a customer that has changed', async t => {
  const before = learned(initialModel('A'), '2016-01-01', 120, () => 1000)
  const after = learned(before, '2016-04-30', 28, () => 2000)
  const p = day(after, '2016-05-30')?.p[40] ?? 0
  t.ok(p > 1850 && p <= 2100, `${p} W`)
})

t.test('DTP-FC-01: plants of other kinds follow their history, and tomorrow goes on from today', async t => {
  // A river that rises for weeks: every day is short of what comes.
  const rising = learned(
    initialModel('H', { kind: 'other' }),
    '2016-03-01',
    40,
    (_, { number }) => -1000 - 50 * (number - 16_861)
  )
  const steady = learned(initialModel('H', { kind: 'other' }), '2016-03-01', 40, () => -1000)
  t.equal(day(steady, '2016-04-10')?.p[0], -1000)
  const next = day(rising, '2016-04-10')?.p[0] ?? 0
  t.ok(next < -2700 && next > -3500, `${next} W, the last day was −2950`)
})

t.test('DTP-PF-10: what was measured in the last hour corrects the next 4, less and less', async t => {
  // Errors that halve every hour teach how long an error lasts.
  const wave = (slot: number, { number }: { readonly number: number }): number =>
    1000 + ((number * 7919) % 13) * 30 * Math.cos((slot + number * 5) / 7)
  const model = learned(initialModel('A'), '2016-01-01', 60, (slot, on) => Math.round(wave(slot, on)))
  const start = Date.parse('2016-03-02T10:00Z')
  const without = forecastNext(model, start, { zone })!
  const higher = forecastNext(model, start, { zone, latest: [...without.p.slice(0, 4)].map(p => p + 300) })!
  t.equal(higher.p.length, 16)
  const corrections = [...higher.p].map((p, n) => p - without.p[n]!)
  t.ok(corrections[0]! > 200 && corrections[0]! <= 340, `first ${corrections[0]}`)
  t.ok(corrections[15]! < corrections[0]!, `last ${corrections[15]}`)
  t.ok(higher.high[0]! - higher.low[0]! < without.high[0]! - without.low[0]!, 'and the band is narrower')
})

t.test('DTP-FC-03: the next 4 hours reach over midnight and over the change of the clock', async t => {
  const model = learned(initialModel('A'), '2016-01-01', 80, household)
  const late = forecastNext(model, Date.parse('2016-03-23T21:00Z'), { zone })!
  t.strictSame([...late.p], [...Array(8).fill(1500), ...Array(8).fill(500)])
  // 00:00 to 05:00 of the local clock on the day of 92.
  const spring = forecastNext(model, localDay('2016-03-27', zone).start, { zone })!
  t.strictSame([...spring.p], Array(16).fill(900))
})

t.test('a customer that only withdraws is never forecast to inject, whatever was measured last', async t => {
  const model = learned(initialModel('A'), '2016-01-01', 30, (slot, { number }) =>
    (slot + number) % 5 === 0 ? 2000 : 0
  )
  const next = forecastNext(model, Date.parse('2016-02-02T10:00Z'), { zone, latest: [-9000, -9000, -9000, -9000] })!
  for (const name of ['p', 'low', 'median', 'high'] as const)
    t.ok(
      next[name].every(value => value >= 0),
      name
    )
})

t.test('DTP-FC-01: panels are forecast from the sun before anything was measured, and never at night', async t => {
  const forecast = day(initialModel('PV', rome), '2016-06-21')!
  t.equal(forecast.basis, 'plant-data')
  t.equal(forecast.bandDays, 0)
  t.ok(forecast.p[52]! < -4000)
  t.equal(forecast.p[4], 0)
  t.ok(forecast.low[52]! < forecast.p[52]! && forecast.p[52]! < forecast.high[52]!)
})

const hours = 24 * 45

/** Clear, half covered and overcast days in turn. */
const weather: Weather = {
  start: Date.parse('2016-04-30T22:00Z'),
  stepMs: 3_600_000,
  ghi_W_m2: Array.from({ length: hours }, () => null),
  cloudShare: Array.from({ length: hours }, (_, hour) => [0, 0.6, 1][Math.floor(hour / 24) % 3]!),
  temperature_C: Array.from({ length: hours }, () => null),
  wind_m_s: Array.from({ length: hours }, () => null)
}

t.test('DTP-FC-01: panels follow the weather, by what they made of it before', async t => {
  // A plant that gives 60 % of what its data promise.
  const promised = initialModel('PV', rome)
  const real = (slot: number, on: { readonly date: string }): number =>
    Math.round(((forecastDay(promised, localDay(on.date, zone), { weather })?.p[slot] ?? 0) / 0.85) * 0.6)
  const model = learned(promised, '2016-05-01', 30, real, weather)
  for (const date of ['2016-06-01', '2016-06-02', '2016-06-03']) {
    const forecast = forecastDay(model, localDay(date, zone), { weather })!
    t.equal(forecast.basis, 'weather')
    const wanted = real(52, { date })
    t.ok(Math.abs(forecast.p[52]! / wanted - 1) < 0.02, `${date}: ${forecast.p[52]} W of ${wanted}`)
    t.equal(forecast.p[2], 0)
  }
})

t.test('without a word of the weather for the day, panels fall back to their history', async t => {
  const model = learned(initialModel('PV', rome), '2016-05-01', 14, () => -100, weather)
  const forecast = forecastDay(model, localDay('2016-08-01', zone), { weather })!
  t.not(forecast.basis, 'weather')
})

t.test('a day is learned once and in order', async t => {
  const model = learned(initialModel('A'), '2016-01-01', 3, household)
  for (const date of ['2016-01-03', '2016-01-01']) t.same(learn(model, aDay(date, household)), { refusal: 'not-later' })
  const { day: of } = aDay('2016-01-04', household)
  t.same(learn(model, { day: of, p: [1, 2, 3] }), { refusal: 'wrong-length' })
})

t.test('a gap teaches nothing, and a day of gaps is refused', async t => {
  const model = learned(initialModel('A'), '2016-01-11', 4, household)
  const gap = learn(
    model,
    aDay('2016-01-15', (slot, on) => (slot >= 20 && slot < 30 ? null : household(slot, on)))
  )
  t.equal(gap.model && day(gap.model, '2016-01-18')?.p[25], 500)
  t.equal(gap.model?.recent.workday[0]?.p[25], null)
  t.same(
    learn(
      model,
      aDay('2016-01-15', slot => (slot < 17 ? null : 500))
    ),
    { refusal: 'too-many-gaps' }
  )
  t.same(
    learn(
      initialModel('A'),
      aDay('2016-01-15', slot => (slot === 3 ? null : 500))
    ),
    { refusal: 'too-many-gaps' }
  )
})

t.test('T-03: a model may begin on the day of 92, and the day of 100 counts its doubled hour once', async t => {
  const spring = learned(initialModel('A'), '2016-03-27', 1, slot => 10 * slot)
  t.strictSame(spring.recent.holiday[0]?.p.slice(7, 13), [70, null, null, null, null, 120])
  const { day: of } = aDay('2016-10-30', () => 0)
  const autumn = learn(initialModel('A'), { day: of, p: of.slots.map((_, mtu) => (mtu < 12 ? 100 : 300)) })
  t.strictSame(autumn.model?.recent.holiday[0]?.p.slice(7, 13), [100, 200, 200, 200, 200, 300])
})

t.test('an instant between quarter-hours and more than 16 slots are a mistake of the caller', async t => {
  const model = learned(initialModel('A'), '2016-01-01', 3, household)
  t.throws(() => forecastNext(model, Date.parse('2016-01-05T00:00Z'), { zone }, 17), RangeError)
  t.throws(() => forecastNext(model, Date.parse('2016-01-05T00:00Z') + MTU_MS / 3, { zone }), RangeError)
  const start = Date.parse('2016-01-05T23:00Z')
  t.throws(() => forecastNext(model, start, { zone, days: [localDay('2016-01-05', zone)] }), RangeError)
  t.same(forecastNext(model, start, { zone, days: daysAround(start, zone) }), forecastNext(model, start, { zone }))
})
