/**
 * The measured year: every quarter-hour of 2016 by the clock of Central Europe, in W for an element of 10 kW; withdrawal is
 * positive, so plants are negative.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { type LocalDay, localDay } from '../../domain/forecast/local-day.ts'
import { addDays, MTU_MS } from '../../domain/units/time.ts'

export interface YearSeries {
  readonly id: string
  readonly family: string
  readonly p: Float64Array
}

export const zone = 'Europe/Berlin'

/** One in the files is a ten-thousandth of the rating. */
export const RATED_W = 10_000

const start = Date.parse('2015-12-31T23:00Z')
const QUARTER_HOURS = 35_136

const injecting = new Set(['pv', 'wind', 'hydro', 'biomass'])

export const yearSeries = (): readonly YearSeries[] =>
  readdirSync(new URL('year/', import.meta.url))
    .filter(name => name.endsWith('.csv.gz'))
    .toSorted()
    .flatMap(name => {
      const family = name.replace('.csv.gz', '')
      const sign = injecting.has(family) ? -1 : 1
      const text = gunzipSync(readFileSync(new URL(`year/${name}`, import.meta.url))).toString('utf8')
      return text
        .trimEnd()
        .split('\n')
        .map((line): YearSeries => {
          const [id = '', ...values] = line.split(',')
          if (values.length !== QUARTER_HOURS) throw new Error(`${name}: ${id} has ${values.length} quarter-hours`)
          return { id, family, p: Float64Array.from(values, value => sign * Number(value) + 0) }
        })
    })

/** All 366 local days. */
export const yearDays = (): readonly LocalDay[] =>
  Array.from({ length: 366 }, (_, day) => localDay(addDays('2016-01-01', day), zone))

/** Where a day begins in a series. */
export const rowOf = (day: LocalDay): number => (day.start - start) / MTU_MS
