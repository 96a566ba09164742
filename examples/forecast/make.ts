/**
 * Makes the files of this folder from the measured year of bench/forecast: a house of 5 kW, an office of 20 kW and panels of
 * 10 kW over five weeks of spring, and the clearness of the sky over the other panels as weather.
 * Usage: node examples/forecast/make.ts
 */
import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { assumedPlant, weatherOf } from '../../bench/forecast/neighbours-weather.ts'
import { rowOf, yearDays, yearSeries } from '../../bench/forecast/year-profiles.ts'
import { MTU_MS } from '../../domain/units/time.ts'

const days = yearDays()
const first = days.find(({ date }) => date === '2016-04-11')
const last = days.find(({ date }) => date === '2016-05-15')
const forecast = days.find(({ date }) => date === '2016-05-16')
if (!first || !last || !forecast) throw new Error('the year has no spring')

const all = yearSeries()
const chosen = [
  { id: 'H0-A', name: 'house', times: 0.5 },
  { id: 'G1-A', name: 'office', times: 2 },
  { id: 'PV3', name: 'panels', times: 1 }
].map(({ id, name, times }) => {
  const series = all.find(one => one.id === id)
  if (series === undefined) throw new Error(`the year has no ${id}`)
  return { name, times, p: series.p }
})

const isoTime = (instant: number): string => new Date(instant).toISOString().replace(':00.000Z', 'Z')
const rows = Array.from({ length: rowOf(last) + last.slots.length - rowOf(first) }, (_, row) =>
  [
    isoTime(first.start + row * MTU_MS),
    ...chosen.map(({ p, times }) => Math.round(times * p[rowOf(first) + row]!) + 0)
  ].join(',')
)
const text = [['time', ...chosen.map(({ name }) => `${name}_p_W`)].join(','), ...rows].join('\n')
writeFileSync(new URL('measurements.csv.gz', import.meta.url), gzipSync(`${text}\n`, { level: 9 }))

const others = all.filter(({ id, family }) => family === 'pv' && id !== 'PV3')
const weather = weatherOf(others, days)
const from = Math.floor((first.start - weather.start) / weather.stepMs)
const hours = (forecast.start - first.start) / weather.stepMs + 24
const weatherRows = Array.from(
  { length: hours },
  (_, hour) =>
    `${isoTime(weather.start + (from + hour) * weather.stepMs)},${Math.round(weather.ghi_W_m2[from + hour] ?? 0)}`
)
writeFileSync(new URL('weather.csv', import.meta.url), `${['time,ghi_W_m2', ...weatherRows].join('\n')}\n`)
writeFileSync(new URL('plants.json', import.meta.url), `${JSON.stringify({ panels: assumedPlant }, null, 2)}\n`)
