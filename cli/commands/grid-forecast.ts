/** `flexledger grid forecast MEASUREMENTS`: forecasts of the next day or the next 4 hours from measured power in a file. */
import { type AggregateForecast, sumOfForecasts } from '../../domain/forecast/aggregate.ts'
import { type Forecast, forecastDay, forecastNext } from '../../domain/forecast/forecast.ts'
import { type LearnedSeries, learnSeries, wholeDays } from '../../domain/forecast/learn-series.ts'
import { dayEnd, localDay, localDayAt } from '../../domain/forecast/local-day.ts'
import { type Measurements, parseMeasurements } from '../../domain/forecast/measurement-file.ts'
import { parsePlants } from '../../domain/forecast/plants-file.ts'
import { initialModel, NEXT_SLOTS, type PlantData } from '../../domain/forecast/series-model.ts'
import { isDate, isTimeZone, localIso, MTU_MS } from '../../domain/units/time.ts'
import { parseWeather, type WeatherGap } from '../../infra/weather/weather-file.ts'
import type { WeatherSeries } from '../../infra/weather/weather-source.ts'
import { Finding, printJson, printText, table, UsageError } from '../output.ts'
import { readJson, readText } from './network-input.ts'

interface Flags {
  readonly horizon: 'day' | 'next'
  readonly date?: string
  readonly from?: string
  readonly weather?: string
  readonly plants?: string
  readonly zone: string
  readonly shared: number
  readonly json?: boolean
}

interface Made extends LearnedSeries {
  readonly id: string
  readonly forecast: Forecast | undefined
}

export const gridForecast = async (file: string, flags: Flags): Promise<void> => {
  if (!isTimeZone(flags.zone)) throw new UsageError(`${flags.zone} is no time zone`)
  if (flags.horizon === 'day' && flags.from !== undefined) throw new UsageError('--from is for --horizon next')
  if (flags.horizon === 'next' && flags.date !== undefined) throw new UsageError('--date is for --horizon day')
  const measurements = await measurementsFrom(file)
  const plants = flags.plants === undefined ? new Map<string, PlantData>() : await plantsFrom(flags.plants)
  const strangers = [...plants.keys()].filter(id => !measurements.series.some(series => series.id === id))
  if (strangers.length > 0) throw new UsageError(`${flags.plants}: ${file} has no series ${strangers.join(', ')}`)
  const { weather, gaps } = flags.weather === undefined ? { gaps: [] } : await weatherFrom(flags.weather)
  const start = startOf(measurements, flags)
  const made = forecasts(measurements, plants, weather, start, flags)
  const known = made.flatMap(({ forecast }) => forecast ?? [])
  const sum = known.length > 1 ? sumOfForecasts('sum', known, flags.shared) : undefined
  if (flags.json) printJson(documentOf(made, sum, start, gaps, flags))
  else printText(readable(made, sum, gaps, flags))
  const without = made.length - known.length
  if (without > 0) throw new Finding(`${without} of ${made.length} series have no forecast: nothing is known of them`)
}

/** The instant of the first slot. */
const startOf = ({ start, slots }: Measurements, { horizon, date, from, zone }: Flags): number => {
  const end = start + slots * MTU_MS
  if (horizon === 'next') {
    const instant = from === undefined ? end : Date.parse(from)
    if (Number.isNaN(instant) || instant % MTU_MS !== 0 || (from !== undefined && !/(?:Z|[+-]\d{2}:\d{2})$/.test(from)))
      throw new UsageError(`--from: expected the start of a quarter-hour with an offset, e.g. 2016-01-05T12:00Z`)
    return instant
  }
  if (date !== undefined && !isDate(date)) throw new UsageError(`--date: ${date} is no date`)
  return date === undefined ? dayEnd(localDayAt(end - 1, zone)) : localDay(date, zone).start
}

/** Every series learns the whole days before the one that is forecast, and nothing after. */
const forecasts = (
  measurements: Measurements,
  plants: ReadonlyMap<string, PlantData>,
  weather: WeatherSeries | undefined,
  start: number,
  { horizon, zone }: Flags
): readonly Made[] => {
  const day = localDayAt(start, zone)
  const days = wholeDays(measurements.start, measurements.slots, zone).filter(({ date }) => date < day.date)
  const context = { zone, ...(weather && { weather }) }
  const row = (start - measurements.start) / MTU_MS
  return measurements.series.map(series => {
    const learned = learnSeries(
      initialModel(series.id, plants.get(series.id)),
      { ...series, start: measurements.start },
      days,
      weather
    )
    const latest = Array.from({ length: 4 }, (_, n) => series.p[row - 4 + n] ?? null)
    const forecast =
      horizon === 'day'
        ? forecastDay(learned.model, day, context)
        : forecastNext(learned.model, start, { ...context, latest }, NEXT_SLOTS)
    return { ...learned, id: series.id, forecast }
  })
}

/** Faults printed in a message. */
const FAULTS_PRINTED = 100

const refusal = (file: string, what: string, faults: readonly string[]): UsageError =>
  new UsageError(
    [
      `${file} has no ${what}:`,
      ...faults.slice(0, FAULTS_PRINTED).map(fault => `  ${fault}`),
      ...(faults.length > FAULTS_PRINTED ? [`  and ${faults.length - FAULTS_PRINTED} more`] : [])
    ].join('\n')
  )

const measurementsFrom = async (file: string): Promise<Measurements> => {
  const { measurements, faults } = parseMeasurements(await readText(file))
  if (measurements !== undefined) return measurements
  throw refusal(
    file,
    'measurements',
    faults.map(({ line, detail }) => `line ${line}: ${detail}`)
  )
}

const plantsFrom = async (file: string): Promise<ReadonlyMap<string, PlantData>> => {
  const { plants, problems } = parsePlants(await readJson(file))
  if (plants !== undefined) return plants
  throw refusal(
    file,
    'plants',
    problems.map(({ path, detail }) => `${path || '/'}: ${detail}`)
  )
}

const weatherFrom = async (file: string) => {
  const found = parseWeather(await readText(file))
  if (found.weather === undefined)
    throw refusal(
      file,
      'weather',
      found.faults.map(({ line, detail }) => `line ${line}: ${detail}`)
    )
  return found
}

const documentOf = (
  made: readonly Made[],
  sum: AggregateForecast | undefined,
  start: number,
  gaps: readonly WeatherGap[],
  { horizon, zone }: Flags
) => {
  const slots = made.find(({ forecast }) => forecast !== undefined)?.forecast?.p.length ?? 0
  const list = (values: Float64Array): readonly number[] => [...values]
  return {
    horizon,
    zone,
    start: new Date(start).toISOString(),
    slots,
    stepMinutes: MTU_MS / 60_000,
    weatherGaps: gaps.map(gap => ({ start: new Date(gap.start).toISOString(), end: new Date(gap.end).toISOString() })),
    series: made.map(({ id, model, refused, forecast }) => ({
      id,
      kind: model.plant.kind,
      learnedDays: model.days,
      lastLearnedDay: model.lastDate,
      refusedDays: refused,
      ...(forecast && {
        basis: forecast.basis,
        bandDays: forecast.bandDays,
        p_W: list(forecast.p),
        q_var: list(forecast.q),
        p10_W: list(forecast.low),
        p50_W: list(forecast.median),
        p90_W: list(forecast.high)
      })
    })),
    ...(sum && {
      sum: {
        series: sum.count,
        p_W: list(sum.p),
        q_var: list(sum.q),
        p10_W: list(sum.low),
        p90_W: list(sum.high)
      }
    })
  }
}

const readable = (
  made: readonly Made[],
  sum: AggregateForecast | undefined,
  gaps: readonly WeatherGap[],
  { zone }: Flags
): string => {
  const shown = sum ?? made[0]?.forecast
  const refused = made.flatMap(({ id, refused }) => refused.map(({ date, reason }) => `  ${id} ${date}: ${reason}`))
  const kWh = (values: Float64Array): string => (values.reduce((total, value) => total + value, 0) / 4000).toFixed(2)
  const kW = (watts: number): string => (watts / 1000).toFixed(3)
  return [
    table(
      ['series', 'kind', 'days', 'basis', 'kWh', 'least kW', 'most kW'],
      made.map(({ id, model, forecast }) => [
        id,
        model.plant.kind,
        model.days,
        forecast?.basis ?? 'nothing known',
        ...(forecast ? [kWh(forecast.p), kW(Math.min(...forecast.p)), kW(Math.max(...forecast.p))] : ['–', '–', '–'])
      ])
    ),
    ...(refused.length > 0 ? [`days that taught nothing:\n${refused.slice(0, FAULTS_PRINTED).join('\n')}`] : []),
    ...gaps
      .slice(0, FAULTS_PRINTED)
      .map(gap => `no weather from ${localIso(gap.start, zone)} to ${localIso(gap.end, zone)}`),
    ...(shown === undefined
      ? []
      : [
          table(
            [shown.id, 'kW', 'kvar', '10 %', '90 %'],
            [...shown.p].map((p, n) => [
              localIso(shown.start + n * MTU_MS, zone).slice(0, 16),
              ...[p, shown.q[n]!, shown.low[n]!, shown.high[n]!].map(kW)
            ])
          )
        ])
  ].join('\n\n')
}
