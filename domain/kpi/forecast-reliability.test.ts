import fc from 'fast-check'
import t from 'tap'
import { type ForecastAndReal, forecastReliability, reliabilityByCategory } from './forecast-reliability.ts'

const value = (period: number, id: string, forecast: number, real: number): ForecastAndReal => ({
  period,
  id,
  forecast,
  real
})

t.test('KPI_IT_02: the mean over periods of the mean over customers of the relative errors', async t => {
  const result = forecastReliability([value(0, 'A', 90, 100), value(0, 'B', -150, -100), value(1, 'A', 100, 100)])
  // Period 0: (10 % + 50 %) / 2, period 1: 0 %.
  t.equal(result.percent, 15)
  t.equal(result.percentOfSums, 20)
  t.equal(result.periods, 2)
  t.equal(result.values, 3)
})

t.test(
  'KPI_IT_02: a real value of zero has no share: it is left out and counted, and so is a period of nothing else',
  async t => {
    const result = forecastReliability([value(0, 'A', 90, 100), value(0, 'B', 5, 0), value(1, 'A', 1, 0)])
    t.strictSame(
      [result.percent, result.periods, result.periodsLeftOut, result.values, result.zerosLeftOut],
      [10, 1, 1, 1, 2]
    )
    t.equal(result.percentOfSums, 16)
    t.same(forecastReliability([value(0, 'A', 1, 0)]).percent, null)
    t.same(forecastReliability([]).percentOfSums, null)
  }
)

t.test('KPI_IT_03: each category of assets has its own figure', async t => {
  const found = reliabilityByCategory([
    { ...value(0, 'PS-1', 110, 100), category: 'primary-substation' },
    { ...value(0, 'SS-1', 50, 100), category: 'secondary-substation' },
    { ...value(0, 'SS-2', 100, 100), category: 'secondary-substation' }
  ])
  t.equal(found.get('primary-substation')?.percent, 10)
  t.equal(found.get('secondary-substation')?.percent, 25)
})

t.test('KPI_IT_02: perfect forecasts have 0 %, and no order or unit of the values changes the figure', async t => {
  const values = fc.array(
    fc.record({
      period: fc.integer({ min: 0, max: 3 }),
      id: fc.constantFrom('A', 'B', 'C'),
      forecast: fc.integer({ min: -500, max: 500 }),
      real: fc.integer({ min: -500, max: 500 })
    }),
    { minLength: 1, maxLength: 30 }
  )
  fc.assert(
    fc.property(values, list => {
      const percent = (of: readonly ForecastAndReal[]) => forecastReliability(of).percent ?? -1
      t.ok(percent(list.map(one => ({ ...one, forecast: one.real }))) <= 0)
      const other = list.map(one => ({ ...one, forecast: one.forecast / 1000, real: one.real / 1000 })).toReversed()
      return Math.abs(percent(other) - percent(list)) <= 1e-9 * Math.max(1, percent(list))
    }),
    {
      numRuns: Number(process.env['FC_RUNS'] ?? 100),
      ...(process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {})
    }
  )
})
