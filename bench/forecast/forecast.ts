/**
 * `npm run bench -- forecast`: a backtest over a measured year. Each day is forecast from the days up to the day before
 * yesterday (what is known when the day-ahead market collects offers), each 4 hours from the days before and what was
 * measured today. Both are compared with last week's value for the same quarter-hour.
 *
 * nMAE and pinball loss (mean of the 10, 50 and 90 % quantiles) are sums over sums of absolute power, in per cent. There is
 * no measured weather in the data: `pv` and `wind` are forecast without any. `pv, weather of other sites` is another
 * exercise: the clearness of the sky over the other sites stands for a weather forecast without an error, so it shows what
 * weather is worth at most and is no figure of a real day.
 */
import { table } from '../../cli/output.ts'
import type { Forecast } from '../../domain/forecast/forecast.ts'
import { daysAround, forecastDay, forecastNext } from '../../domain/forecast/forecast.ts'
import { learn } from '../../domain/forecast/learn.ts'
import type { LocalDay } from '../../domain/forecast/local-day.ts'
import { Score } from '../../domain/forecast/score.ts'
import { initialModel, NEXT_SLOTS, type PlantData } from '../../domain/forecast/series-model.ts'
import type { Weather } from '../../domain/forecast/weather.ts'
import { MTU_MS } from '../../domain/units/time.ts'
import { assumedPlant, weatherOf } from './neighbours-weather.ts'
import { rowOf, type YearSeries, yearDays, yearSeries, zone } from './year-profiles.ts'

export const describe = 'forecasts of a measured year, by family of customers and plants, beside last week’s value'

/** Two weeks to learn from, and the last week's value needs one. */
const FIRST_DAY = 14

const plantOf = (family: string): PlantData => {
  if (family === 'pv') return assumedPlant
  return { kind: ['wind', 'hydro', 'biomass'].includes(family) ? 'other' : 'load' }
}

interface Row {
  readonly family: string
  readonly series: number
  readonly dayAhead: Figures
  readonly nextHours: Figures
}

interface Figures {
  readonly nMAE: number
  readonly nMAEOfExpected: number
  readonly nMAEOfLastWeek: number
  readonly nMAEOfLastValue?: number
  readonly pinball: number
  readonly pinballOfLastWeek: number
  /** Share of the outcomes in the band, of which 80 % should be. */
  readonly inBand: number
}

interface Result {
  readonly days: number
  /** Of one household with 60 learned days, mean of many. */
  readonly microseconds: { readonly learn: number; readonly forecastDay: number; readonly forecastNext: number }
  readonly rows: readonly Row[]
  readonly betterThanLastWeek: boolean
}

export const run = async (only: readonly string[], tell: (text: string) => void): Promise<Result> => {
  const days = yearDays()
  const series = yearSeries()
  const families = new Map<string, readonly YearSeries[]>()
  for (const one of series) families.set(one.family, [...(families.get(one.family) ?? []), one])
  const rows: Row[] = []
  const add = (name: string, of: readonly YearSeries[], family: string, weather?: (one: YearSeries) => Weather) => {
    if (only.length > 0 && !only.includes(name)) return
    tell(name)
    rows.push(backtest(name, of, family, days, weather))
  }
  for (const [family, of] of [...families].toSorted(([a], [b]) => a.localeCompare(b))) {
    add(family, of, family)
    if (of.length > 1 && family !== 'wind') add(`${family}, sum`, [sumOf(of)], family)
  }
  const panels = families.get('pv') ?? []
  add('pv, weather of other sites', panels, 'pv', one =>
    weatherOf(
      panels.filter(({ id }) => id !== one.id),
      days
    )
  )
  const betterThanLastWeek = rows.every(({ dayAhead, nextHours }) =>
    [dayAhead, nextHours].every(one => one.nMAE < one.nMAEOfLastWeek && one.pinball < one.pinballOfLastWeek)
  )
  return { days: days.length - FIRST_DAY, microseconds: timed(series, days), rows, betterThanLastWeek }
}

const TIMED_RUNS = 300

const timed = (series: readonly YearSeries[], days: readonly LocalDay[]): Result['microseconds'] => {
  const house = series.find(({ id }) => id === 'H0-A')
  const tomorrow = days[60]
  if (house === undefined || tomorrow === undefined) throw new Error('the year has no household')
  const measured = (day: LocalDay) => ({ day, p: house.p.subarray(rowOf(day), rowOf(day) + day.slots.length) })
  const model = days.slice(0, 60).reduce((known, day) => learn(known, measured(day)).model ?? known, initialModel('H'))
  const around = daysAround(tomorrow.start, zone)
  const latest = house.p.subarray(rowOf(tomorrow) - 4, rowOf(tomorrow))
  const mean = (work: () => unknown): number => {
    for (let warm = 0; warm < TIMED_RUNS; warm++) work()
    const start = performance.now()
    for (let run = 0; run < TIMED_RUNS; run++) work()
    return Math.round(((performance.now() - start) / TIMED_RUNS) * 1000)
  }
  return {
    learn: mean(() => learn(model, measured(tomorrow))),
    forecastDay: mean(() => forecastDay(model, tomorrow)),
    forecastNext: mean(() => forecastNext(model, tomorrow.start, { zone, days: around, latest }))
  }
}

/** Of the rated power of one, so that plant data fit. */
const sumOf = (of: readonly YearSeries[]): YearSeries => ({
  id: 'sum',
  family: of[0]?.family ?? '',
  p: Float64Array.from(of[0]?.p ?? [], (_, row) => of.reduce((sum, { p }) => sum + p[row]!, 0) / of.length)
})

const backtest = (
  family: string,
  of: readonly YearSeries[],
  kind: string,
  days: readonly LocalDay[],
  weatherFor?: (one: YearSeries) => Weather
): Row => {
  const dayAhead = new Comparison()
  const nextHours = new Comparison()
  for (const one of of) {
    const weather = weatherFor?.(one)
    const context = { zone, ...(weather && { weather }) }
    const measured = (day: LocalDay) => ({
      day,
      p: one.p.subarray(rowOf(day), rowOf(day) + day.slots.length),
      ...(weather && { weather })
    })
    let known = initialModel(one.id, plantOf(kind))
    days.forEach((day, n) => {
      // `known` ends with the day before yesterday.
      const yesterday = days[n - 1]
      if (n >= FIRST_DAY) dayAhead.add(forecastDay(known, day, context), one.p, rowOf(day))
      if (yesterday !== undefined) {
        const learned = learn(known, measured(yesterday))
        if (learned.model === undefined) throw new Error(`${one.id} ${yesterday.date}: ${learned.refusal}`)
        known = learned.model
      }
      if (n < FIRST_DAY) return
      for (let from = rowOf(day); from < rowOf(day) + day.slots.length; from += NEXT_SLOTS) {
        const start = day.start + (from - rowOf(day)) * MTU_MS
        const count = Math.min(NEXT_SLOTS, rowOf(day) + day.slots.length - from)
        const next = forecastNext(known, start, { ...context, latest: one.p.subarray(from - 4, from) }, count)
        nextHours.add(next, one.p, from, one.p[from - 1])
      }
    })
  }
  return { family, series: of.length, dayAhead: dayAhead.figures(), nextHours: nextHours.figures() }
}

const SLOTS_OF_WEEK = 672

/** Forecasts, last week's values and, for the next hours, the last value, all against what was measured. */
class Comparison {
  readonly #forecast = new Score()
  readonly #expected = new Score()
  readonly #lastWeek = new Score()
  readonly #lastValue = new Score()
  #hasLastValue = false

  add(forecast: Forecast | undefined, measured: Float64Array, row: number, lastValue?: number): void {
    if (forecast === undefined) throw new Error('nothing is known after two weeks')
    for (let slot = 0; slot < forecast.p.length; slot++) {
      const real = measured[row + slot]!
      this.#forecast.add(real, forecast.low[slot]!, forecast.median[slot]!, forecast.high[slot]!)
      this.#expected.addValue(real, forecast.p[slot]!)
      this.#lastWeek.addValue(real, measured[row + slot - SLOTS_OF_WEEK]!)
      if (lastValue === undefined) continue
      this.#lastValue.addValue(real, lastValue)
      this.#hasLastValue = true
    }
  }

  figures(): Figures {
    return {
      nMAE: rounded(this.#forecast.nMAE),
      nMAEOfExpected: rounded(this.#expected.nMAE),
      nMAEOfLastWeek: rounded(this.#lastWeek.nMAE),
      ...(this.#hasLastValue && { nMAEOfLastValue: rounded(this.#lastValue.nMAE) }),
      pinball: rounded(this.#forecast.pinball),
      pinballOfLastWeek: rounded(this.#lastWeek.pinball),
      inBand: rounded(this.#forecast.inBand)
    }
  }
}

const rounded = (share: number): number => Math.round(share * 1e4) / 100

export const readable = ({ days, microseconds, rows, betterThanLastWeek }: Result): string => {
  const part = (title: string, name: 'dayAhead' | 'nextHours'): string =>
    [
      title,
      table(
        ['family', 'series', 'nMAE %', 'of the mean', 'last week', 'last value', 'pinball %', 'last week', 'in band %'],
        rows.map(({ family, series, [name]: one }) => [
          family,
          series,
          ...[one.nMAE, one.nMAEOfExpected, one.nMAEOfLastWeek].map(value => value.toFixed(2)),
          one.nMAEOfLastValue?.toFixed(2) ?? '–',
          ...[one.pinball, one.pinballOfLastWeek, one.inBand].map(value => value.toFixed(2))
        ])
      )
    ].join('\n')
  return [
    part(`Day ahead, ${days} days`, 'dayAhead'),
    part('Next 4 hours, six times a day', 'nextHours'),
    `µs for a household: a day learned ${microseconds.learn}, a day forecast ${microseconds.forecastDay}, 4 hours forecast ${microseconds.forecastNext}`,
    betterThanLastWeek
      ? 'Better than last week’s value on every line.'
      : 'NOT better than last week’s value on every line.'
  ].join('\n\n')
}
