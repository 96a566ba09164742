import t from 'tap'
import { clearSkyOutput, weatherOutput } from './plant-output.ts'
import { rome } from './series.fixtures.ts'
import type { WindPlant } from './series-model.ts'
import type { Weather } from './weather.ts'

const noon = Date.parse('2016-06-21T11:00:00Z')

const weatherAt = (start: number, values: Partial<Record<keyof Weather, number>>, stepMs = 900_000): Weather => ({
  start,
  stepMs,
  ghi_W_m2: [values.ghi_W_m2 ?? null],
  cloudShare: [values.cloudShare ?? null],
  temperature_C: [values.temperature_C ?? null],
  wind_m_s: [values.wind_m_s ?? null]
})

const turbine: WindPlant = {
  kind: 'wind',
  rated_W: 2_000_000,
  hubHeight_m: 10,
  cutIn_m_s: 3,
  rated_m_s: 12,
  cutOut_m_s: 25
}

t.test('DTP-FC-01: panels give more at noon than in the morning, and nothing at night; all as injection', async t => {
  const [night, morning, high] = ['00:00', '06:00', '11:00'].map(time =>
    clearSkyOutput(rome, Date.parse(`2016-06-21T${time}Z`))
  )
  t.equal(Math.abs(night!), 0)
  t.ok(morning! < 0 && high! < morning!)
  t.ok(high! < -9_000 && high! > -11_000, `${high} W of 10 kW`)
})

t.test(
  'DTP-FC-01: an irradiance of the clear sky gives the output of the clear sky, half of it about half',
  async t => {
    const clear = clearSkyOutput(rome, noon)
    const horizontal = 1000
    const full = weatherOutput(rome, weatherAt(noon, { ghi_W_m2: horizontal }), noon)!
    t.ok(Math.abs(full / clear - 1) < 0.06)
    const half = weatherOutput(rome, weatherAt(noon, { ghi_W_m2: horizontal / 2 }), noon)!
    t.ok(half / full > 0.45 && half / full < 0.6)
  }
)

t.test('DTP-FC-01: clouds stand in for an irradiance that is not stated, and heat takes some of it', async t => {
  const clear = weatherOutput(rome, weatherAt(noon, { cloudShare: 0 }), noon)!
  const overcast = weatherOutput(rome, weatherAt(noon, { cloudShare: 1 }), noon)!
  t.ok(overcast / clear > 0.15 && overcast / clear < 0.35)
  const hot = weatherOutput(rome, weatherAt(noon, { cloudShare: 0, temperature_C: 35 }), noon)!
  t.ok(hot > clear && hot / clear > 0.8)
})

t.test('an hour of irradiance is spread over its quarter-hours as the sun moves', async t => {
  const start = Date.parse('2016-06-21T05:00:00Z')
  const weather = weatherAt(start, { ghi_W_m2: 250 }, 3_600_000)
  const quarters = [0, 1, 2, 3].map(part => weatherOutput(rome, weather, start + part * 900_000)!)
  quarters.slice(1).forEach((value, n) => {
    t.ok(value < quarters[n]!, 'more light each quarter-hour of the morning')
  })
})

t.test('weather that says nothing of the slot gives no output, not zero', async t => {
  t.equal(weatherOutput(rome, weatherAt(noon, {}), noon), undefined)
  t.equal(weatherOutput(rome, weatherAt(noon, { ghi_W_m2: 500 }), noon + 900_000), undefined)
  t.equal(weatherOutput(turbine, weatherAt(noon, { ghi_W_m2: 500 }), noon), undefined)
})

t.test('DTP-FC-01: a turbine follows its power curve', async t => {
  const at = (wind_m_s: number, plant = turbine) => weatherOutput(plant, weatherAt(noon, { wind_m_s }), noon)!
  t.equal(at(2.9), 0)
  t.equal(at(25), 0)
  t.equal(at(12), -2_000_000)
  t.equal(at(24.9), -2_000_000)
  const between = at(7.5)
  t.equal(Math.round(between), Math.round((-2_000_000 * (7.5 ** 3 - 27)) / (12 ** 3 - 27)))
  t.ok(at(7.5, { ...turbine, hubHeight_m: 100 }) < between, 'higher up the wind is stronger')
})
