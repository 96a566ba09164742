import fc from 'fast-check'
import t from 'tap'
import { addDays, MTU_MS } from '../units/time.ts'
import { sumOfForecasts } from './aggregate.ts'
import { forecastDay, forecastNext } from './forecast.ts'
import { learn } from './learn.ts'
import { localDay } from './local-day.ts'
import { Members } from './quantiles.ts'
import { pinballLoss } from './score.ts'
import { aDay, learned, rome, zone } from './series.fixtures.ts'
import { initialModel, type PlantData, type SeriesModel } from './series-model.ts'

const asked = (runs: number) => ({
  numRuns: Number(process.env['FC_RUNS'] ?? runs),
  ...(process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {})
})

const plants: readonly PlantData[] = [
  { kind: 'load' },
  { kind: 'other' },
  rome,
  { kind: 'wind', rated_W: 5000, hubHeight_m: 80, cutIn_m_s: 3, rated_m_s: 12, cutOut_m_s: 25 }
]

/** A first day of any season, clock changes among them, and some days of values that jump. */
const history = fc.record({
  plant: fc.constantFrom(...plants),
  first: fc.integer({ min: 0, max: 1000 }).map(days => addDays('2016-01-01', days)),
  days: fc.array(
    fc.record({
      level: fc.integer({ min: -50_000, max: 50_000 }),
      period: fc.integer({ min: 1, max: 40 }),
      gap: fc.integer({ min: -1, max: 95 })
    }),
    { minLength: 1, maxLength: 12 }
  ),
  later: fc.integer({ min: 1, max: 400 })
})

type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never

const modelOf = ({ plant, first, days }: History): SeriesModel =>
  days.reduce(
    (model, { level, period, gap }, n) => {
      const value = (slot: number): number => Math.round(level * Math.sin(slot / period))
      return (
        learn(
          model,
          aDay(addDays(first, n), slot => (slot === gap ? null : value(slot)))
        ).model ?? model
      )
    },
    initialModel('A', plant)
  )

t.test('every forecast is whole, finite, as long as its day, and its band is in order', async () => {
  fc.assert(
    fc.property(history, fc.array(fc.integer({ min: -60_000, max: 60_000 }), { maxLength: 4 }), (given, latest) => {
      const model = modelOf(given)
      const day = localDay(addDays(given.first, given.days.length + given.later), zone)
      const ofDay = forecastDay(model, day)
      const next = forecastNext(model, day.start + 90 * MTU_MS, { zone, latest })
      if (ofDay === undefined || next === undefined) return model.days === 0
      return [[ofDay, day.slots.length] as const, [next, 16] as const].every(
        ([forecast, length]) =>
          [forecast.p, forecast.q, forecast.low, forecast.median, forecast.high].every(
            values =>
              values.length === length && values.every(value => Number.isSafeInteger(value) && !Object.is(value, -0))
          ) && forecast.median.every((median, slot) => forecast.low[slot]! <= median && median <= forecast.high[slot]!)
      )
    }),
    asked(150)
  )
})

t.test('a model that went through JSON forecasts and learns the same', async t => {
  fc.assert(
    fc.property(history, given => {
      const model = modelOf(given)
      const copy: SeriesModel = JSON.parse(JSON.stringify(model))
      const next = aDay(addDays(given.first, given.days.length), slot => 100 * slot)
      t.same(learn(copy, next), learn(model, next))
      t.same(forecastDay(copy, next.day), forecastDay(model, next.day))
      return true
    }),
    asked(30)
  )
})

t.test('learning leaves the model that was as it was', async () => {
  fc.assert(
    fc.property(history, given => {
      const model = modelOf(given)
      const before = JSON.stringify(model)
      learn(
        model,
        aDay(addDays(given.first, given.days.length), slot => slot)
      )
      return JSON.stringify(model) === before
    }),
    asked(50)
  )
})

t.test('what is the same every day is forecast as it is, with a band of no width', async () => {
  fc.assert(
    fc.property(fc.integer({ min: -100_000, max: 100_000 }), fc.integer({ min: 1, max: 20 }), (level, days) => {
      const model = learned(initialModel('A'), '2016-05-02', days, slot => level + slot)
      const forecast = forecastDay(model, localDay(addDays('2016-05-02', days), zone))!
      return forecast.p.every((p, slot) => p === level + slot) && (days < 5 || forecast.basis !== 'plant-data')
    }),
    asked(60)
  )
})

t.test('a quantile has at least its share of the weight at or below it, and nothing less has', async () => {
  const weighted = fc.array(fc.tuple(fc.integer({ min: -99, max: 99 }), fc.integer({ min: 1, max: 9 })), {
    minLength: 1
  })
  fc.assert(
    fc.property(weighted, fc.constantFrom(0.05, 0.1, 0.5, 0.9), (values, share) => {
      const members = new Members(values.length)
      for (const [value, weight] of values) members.add(value, weight)
      const found = members.quantile(share)!
      const weight = (keep: (value: number) => boolean) =>
        values.reduce((sum, [value, one]) => sum + (keep(value) ? one : 0), 0)
      const total = weight(() => true)
      return weight(value => value <= found) >= share * total - 1e-9 && weight(value => value < found) < share * total
    }),
    asked(300)
  )
})

t.test('the pinball loss of many outcomes is least at their quantile', async () => {
  const outcomes = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(outcomes, fc.constantFrom(0.1, 0.5, 0.9), fc.integer({ min: -60, max: 60 }), (reals, share, other) => {
      const members = new Members(reals.length)
      for (const real of reals) members.add(real, 1)
      const loss = (forecast: number) => reals.reduce((sum, real) => sum + pinballLoss(real, forecast, share), 0)
      return loss(members.quantile(share)!) <= loss(other) + 1e-9
    }),
    asked(300)
  )
})

t.test('DTP-FC-02: a sum has the sum of the expected values, and a band no wider than the bands together', async () => {
  fc.assert(
    fc.property(
      fc.array(history, { minLength: 1, maxLength: 4 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (all, shared) => {
        const day = localDay('2019-06-05', zone)
        const known = all.flatMap(given => forecastDay(modelOf(given), day) ?? [])
        if (known.length === 0) return true
        const sum = sumOfForecasts('T', known, shared)
        return sum.p.every((p, slot) => {
          const of = (value: (one: (typeof known)[number]) => number) =>
            known.reduce((total, one) => total + value(one), 0)
          const above = of(one => Math.max(0, one.high[slot]! - one.p[slot]!))
          const below = of(one => Math.max(0, one.p[slot]! - one.low[slot]!))
          return (
            p === of(one => one.p[slot]!) &&
            sum.low[slot]! <= p &&
            p <= sum.high[slot]! &&
            sum.high[slot]! <= p + above + 1 &&
            sum.low[slot]! >= p - below - 1
          )
        })
      }
    ),
    asked(40)
  )
})

t.test('a model of years stays below the size of one record', async t => {
  const model = learned(
    initialModel('PV', rome),
    '2016-01-01',
    760,
    (slot, { number }) => -((slot * number * 7) % 9_999)
  )
  const load = learned(initialModel('A'), '2016-01-01', 760, (slot, { number }) => (slot * number * 7_919) % 99_999)
  for (const one of [model, load]) t.ok(JSON.stringify(one).length < 200_000, `${JSON.stringify(one).length} bytes`)
})
