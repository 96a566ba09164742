import fc from 'fast-check'
import t from 'tap'
import { fileWeatherSource, parseWeather } from './weather-file.ts'

const lines = (...text: string[]): string => `${text.join('\n')}\n`
const start = Date.parse('2016-01-05T12:00Z')

t.test('rows of an hour are read with their units; an empty cell is unknown, not zero', async t => {
  const { weather, faults } = parseWeather(
    lines(
      'time,ghi_W_m2,temperature_C',
      '2016-01-05T12:00Z,320.5,9',
      '2016-01-05T14:00+01:00,,-1',
      '2016-01-05T14:00Z,-3,0'
    )
  )
  t.same(faults, [])
  t.equal(weather?.stepMs, 3_600_000)
  t.equal(weather?.start, start)
  t.strictSame(weather?.ghi_W_m2, [320.5, null, 0])
  t.strictSame(weather?.temperature_C, [9, -1, 0])
  t.strictSame(weather?.wind_m_s, [null, null, null])
})

t.test('JSON with the same names gives the same weather', async t => {
  const csv = parseWeather(lines('time,cloudShare', '2016-01-05T12:00Z,0.5', '2016-01-05T12:30Z,'))
  const json = parseWeather(
    JSON.stringify([
      { time: '2016-01-05T12:00Z', cloudShare: 0.5 },
      { time: '2016-01-05T12:30Z', cloudShare: null }
    ])
  )
  t.equal(csv.weather?.stepMs, 1_800_000)
  t.same(json, csv)
})

t.test('missing rows are gaps: stated, and null in the series', async t => {
  const { weather, gaps } = parseWeather(
    lines('time,wind_m_s', '2016-01-05T12:00Z,5', '2016-01-05T12:15Z,6', '2016-01-05T13:00Z,7')
  ) as { weather: { wind_m_s: readonly (number | null)[] }; gaps: unknown }
  t.strictSame(weather.wind_m_s, [5, 6, null, null, 7])
  t.same(gaps, [{ start: start + 1_800_000, end: start + 3_600_000 }])
})

t.test('everything wrong with a file is told at once, with its line', async t => {
  const { weather, faults } = parseWeather(
    lines(
      'time,ghi_W_m2,rain_mm',
      '2016-01-05T12:00,100,0',
      '2016-01-05T12:15Z,9000,0',
      '2016-01-05T12:30Z,bright,0',
      '2016-01-05T12:45Z,1'
    )
  )
  t.equal(weather, undefined)
  t.strictSame(
    faults.map(({ line }) => line),
    [1, 2, 3, 4, 5]
  )
})

t.test('times that stand still, go back, or do not keep the step are faults', async t => {
  for (const [rows, line] of [
    [['2016-01-05T12:00Z', '2016-01-05T12:15Z', '2016-01-05T12:15Z'], 4],
    [['2016-01-05T12:00Z', '2016-01-05T12:15Z', '2016-01-05T12:05Z'], 4],
    [['2016-01-05T12:00Z', '2016-01-05T12:30Z', '2016-01-05T12:40Z'], 3],
    [['2016-01-05T12:00Z', '2016-01-05T12:15Z', '2016-01-05T12:40Z'], 4],
    [['2016-01-05T12:05Z', '2016-01-05T12:20Z'], 2],
    [['2016-01-05T12:00Z', '2016-01-05T12:15Z', '2026-01-05T12:00Z'], 4],
    [['2016-01-05T12:00Z'], 2]
  ] as const) {
    const { faults } = parseWeather(lines('time,wind_m_s', ...rows.map(time => `${time},5`)))
    t.strictSame([...new Set(faults.map(fault => fault.line))], [line], rows.join(' '))
  }
})

t.test('a source gives all rows that touch the time asked for, and null outside of the file', async t => {
  const { weather } = parseWeather(lines('time,wind_m_s', '2016-01-05T12:00Z,5', '2016-01-05T13:00Z,6'))
  t.ok(weather)
  if (weather === undefined) return
  const place = { latitude_degree: 41.9, longitude_degree: 12.5 }
  const found = await fileWeatherSource(weather).read(place, start - 1_800_000, start + 9_000_000)
  t.equal(found.start, start - 3_600_000)
  t.strictSame(found.wind_m_s, [null, 5, 6, null])
  t.strictSame(found.ghi_W_m2, [null, null, null, null])
})

t.test('no text makes the reader throw, and what it accepts has columns of one length', async t => {
  const cell = fc.oneof(
    fc.constantFrom(
      '',
      'time',
      'ghi_W_m2',
      'wind_m_s',
      '2016-01-05T12:00Z',
      '2016-01-05T13:00Z',
      '5',
      '{',
      '[',
      'null'
    ),
    fc.string({ maxLength: 6 })
  )
  const text = fc.array(
    fc.array(cell, { maxLength: 4 }).map(cells => cells.join(',')),
    { maxLength: 6 }
  )
  fc.assert(
    fc.property(text, rows => {
      const { weather, faults } = parseWeather(rows.join('\n'))
      t.ok(weather !== undefined || faults.length > 0)
      return weather === undefined || new Set([weather.ghi_W_m2.length, weather.wind_m_s.length]).size === 1
    }),
    {
      numRuns: Number(process.env['FC_RUNS'] ?? 300),
      ...(process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {})
    }
  )
})
