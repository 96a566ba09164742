/**
 * Measured elements of a network, their plants and the weather: what forecasts are learned from (DTP-FC-01 … DTP-FC-05).
 * A whole day is learned, once and in order; fewer quarter-hours are the day so far, by which the next hours are corrected
 * (DTP-PF-10). A model follows from the measurements on the log, so it is no event of its own.
 */
import type {
  AssessSession,
  GridEvent,
  MeasurementsNoted,
  NoteMeasurements,
  NotePlant,
  NoteWeather,
  PlantRecord,
  WeatherNoted
} from '../../schemas/generated.ts'
import { type Forecast, forecastDay, forecastNext } from '../forecast/forecast.ts'
import { learn } from '../forecast/learn.ts'
import { type LocalDay, localDay } from '../forecast/local-day.ts'
import { initialModel, NEXT_SLOTS, type PlantData, type SeriesModel } from '../forecast/series-model.ts'
import type { Weather } from '../forecast/weather.ts'
import { isSignedQuantity } from '../units/quantities.ts'
import { reasons } from '../units/refusal.ts'
import { isDate, isTimeZone, MTU_MS } from '../units/time.ts'
import { versionOf } from './network-version.ts'
import { mayOperate, refusal } from './networks.ts'
import type { ElementForecast, ForecastOf } from './powers.ts'
import type { PomGrid } from './state.ts'

type Add = ReturnType<typeof reasons>['add']

/** Models of one PoM: each some tens of kB, so 100 MB at most. */
export const SERIES_MAX = 5_000

export const noteMeasurements = (command: NoteMeasurements, pom: PomGrid): readonly GridEvent[] => {
  const { add, list } = reasons()
  checkSeries(command, pom, add)
  if (!isDate(command.date)) add('bad-interval', '/date', 'There is no such day.')
  if (!isTimeZone(command.timeZone)) add('bad-range', '/timeZone', 'There is no such time zone.')
  for (const name of ['p', 'q'] as const)
    command[name].forEach((value, n) => {
      if (value !== null && !isSignedQuantity(value)) add('bad-quantity', `/${name}/${n}`)
    })
  if (list.length > 0) return [refusal(command, command.series, list)]
  const day = localDay(command.date, command.timeZone)
  const { p, q } = command
  if (p.length === 0) add('empty', '/p')
  if (p.length > day.slots.length) add('too-many', '/p', `The day has ${day.slots.length} quarter-hours.`)
  if (q.length > 0 && q.length !== p.length) add('bad-range', '/q', 'As many values as of p, or none.')
  const model = pom.models.get(command.series)
  if (model && model.lastDate !== null && command.date <= model.lastDate)
    add('not-later', '/date', `The day ${model.lastDate} was learned.`)
  if (list.length === 0 && p.length === day.slots.length) {
    const { refusal: why } = learned(command, day, model, pom)
    if (why === 'too-many-gaps') add('bad-range', '/p', 'More than 4 hours are missing, or nothing is expected there.')
  }
  if (list.length > 0) return [refusal(command, command.series, list)]
  return [{ ...command, type: 'MeasurementsNoted' }]
}

export const notePlant = (command: NotePlant, pom: PomGrid): readonly GridEvent[] => {
  const { add, list } = reasons()
  checkSeries(command, pom, add)
  if (plantOf(command.plant) === undefined)
    add('bad-range', '/plant', `A plant of kind ${command.plant.kind} needs more data, or other.`)
  if (list.length > 0) return [refusal(command, command.series, list)]
  return [{ ...command, type: 'PlantNoted' }]
}

/** Ten days of quarter-hours. */
export const WEATHER_ROWS_MAX = 960

export const noteWeather = (command: NoteWeather, pom: PomGrid): readonly GridEvent[] => {
  const { add, list } = reasons()
  mayOperate(command.by, pom, add)
  if (!pom.network) add('unknown-network', '')
  if (![15, 30, 60].includes(command.stepMinutes))
    add('bad-range', '/stepMinutes', 'A row is 15, 30 or 60 minutes long.')
  if (command.start % MTU_MS !== 0) add('bad-interval', '/start')
  for (const name of ['ghi', 'cloudShare', 'temperature', 'wind'] as const) {
    if (command[name].length > WEATHER_ROWS_MAX) add('too-many', `/${name}`, `At most ${WEATHER_ROWS_MAX} rows.`)
    const [least, most] = weatherRange[name]
    command[name].forEach((value, n) => {
      if (value !== null && !(value >= least && value <= most))
        add('bad-range', `/${name}/${n}`, `Expected ${least} to ${most}.`)
    })
  }
  if (list.length > 0) return [refusal(command, command.pom, list)]
  return [{ ...command, type: 'WeatherNoted' }]
}

/** Beyond these it is a mix-up of units. */
const weatherRange = {
  ghi: [0, 1_600],
  cloudShare: [0, 1],
  temperature: [-60, 60],
  wind: [0, 100]
} as const

export const withMeasurements = (event: MeasurementsNoted, pom: PomGrid): void => {
  const day = localDay(event.date, event.timeZone)
  if (event.p.length < day.slots.length) {
    pom.latest.set(event.series, { start: day.start, p: event.p })
    return
  }
  const { model, refusal: why } = learned(event, day, pom.models.get(event.series), pom)
  if (!model)
    throw new Error(`evolve: the day ${event.date} of ${event.series} was noted and cannot be learned: ${why}`)
  pom.models.set(event.series, model)
  pom.latest.delete(event.series)
}

const learned = (
  { series, p, q }: Pick<NoteMeasurements, 'series' | 'p' | 'q'>,
  day: LocalDay,
  model: SeriesModel | undefined,
  { weather }: PomGrid
) =>
  learn(model ?? initialModel(series), {
    day,
    p,
    ...(q.length > 0 ? { q } : {}),
    ...(weather ? { weather: weatherOf(weather) } : {})
  })

/** What is known of the plant begins the model anew: errors of the one before say nothing of it. */
export const plantModel = (series: string, plant: PlantRecord): SeriesModel => {
  const data = plantOf(plant)
  if (!data) throw new Error(`evolve: the plant of ${series} was noted and is none`)
  return initialModel(series, data)
}

const plantOf = (record: PlantRecord): PlantData | undefined => {
  const { kind, ratedWatt, latitudeDegree, longitudeDegree, tiltDegree, azimuthDegree } = record
  const { hubHeightM, cutInMs, ratedMs, cutOutMs } = record
  switch (kind) {
    case 'load':
    case 'other':
      return { kind }
    case 'solar':
      return inRange(ratedWatt, 1, 1e9) &&
        inRange(latitudeDegree, -90, 90) &&
        inRange(longitudeDegree, -180, 180) &&
        inRange(tiltDegree, 0, 90) &&
        inRange(azimuthDegree, 0, 360)
        ? {
            kind,
            rated_W: ratedWatt,
            latitude_degree: latitudeDegree,
            longitude_degree: longitudeDegree,
            tilt_degree: tiltDegree,
            azimuth_degree: azimuthDegree
          }
        : undefined
    case 'wind':
      return inRange(ratedWatt, 1, 1e9) &&
        inRange(hubHeightM, 1, 400) &&
        inRange(cutInMs, 0, 20) &&
        inRange(ratedMs, 1, 40) &&
        inRange(cutOutMs, 1, 60) &&
        cutInMs < ratedMs &&
        ratedMs < cutOutMs
        ? {
            kind,
            rated_W: ratedWatt,
            hubHeight_m: hubHeightM,
            cutIn_m_s: cutInMs,
            rated_m_s: ratedMs,
            cutOut_m_s: cutOutMs
          }
        : undefined
  }
}

const inRange = (value: number | null, least: number, most: number): value is number =>
  value !== null && value >= least && value <= most

const weatherOf = ({ start, stepMinutes, ghi, cloudShare, temperature, wind }: WeatherNoted): Weather => ({
  start,
  stepMs: stepMinutes * 60_000,
  ghi_W_m2: ghi,
  cloudShare,
  temperature_C: temperature,
  wind_m_s: wind
})

/** The forecast of an element in a session's window; nothing where nothing is known of it. */
export const forecastsOf = (pom: PomGrid, asked: Omit<AssessSession, 'type'>): ForecastOf => {
  const { deliveryDate, timeZone, start, mtus, marketType } = asked
  if (pom.models.size === 0) return () => undefined
  const day = localDay(deliveryDate, timeZone)
  const context = pom.weather ? { weather: weatherOf(pom.weather) } : {}
  const from = (start - day.start) / MTU_MS
  return (series, sign) => {
    const model = pom.models.get(series)
    const whole = model && forecastDay(model, day, context)
    if (!whole) return undefined
    const found = part(whole, from, mtus)
    const latest = pom.latest.get(series)
    if (marketType === 'realTime' && latest) {
      const soon = forecastNext(
        model,
        start,
        {
          ...context,
          zone: timeZone,
          latest: latestBefore(latest, start)
        },
        Math.min(mtus, NEXT_SLOTS)
      )
      if (soon) for (const name of ['p', 'q', 'low', 'high'] as const) found[name].set(soon[name])
    }
    return elementForecast(found, sign, whole.basis === 'weather' || whole.basis === 'plant-data')
  }
}

const part = ({ p, q, low, high }: Forecast, from: number, mtus: number) => ({
  p: p.slice(from, from + mtus),
  q: q.slice(from, from + mtus),
  low: low.slice(from, from + mtus),
  high: high.slice(from, from + mtus)
})

/** The day so far up to the session, oldest first; what was not measured in between is not known. */
const latestBefore = (latest: { readonly start: number; readonly p: readonly (number | null)[] }, start: number) => {
  const length = Math.max(0, (start - latest.start) / MTU_MS)
  return Array.from({ length }, (_, n) => latest.p[n] ?? null)
}

const elementForecast = (
  { p, q, low, high }: ReturnType<typeof part>,
  sign: 1 | -1,
  isWeather: boolean
): ElementForecast => ({
  p_kW: p.map(value => (sign * value) / 1000),
  q_kvar: q.map(value => (sign * value) / 1000),
  basis: isWeather ? 'weather' : 'learned',
  withdrawal: { p, q, low, high }
})

const checkSeries = (
  { by, series }: { readonly by: NoteMeasurements['by']; readonly series: string },
  pom: PomGrid,
  add: Add
): void => {
  mayOperate(by, pom, add)
  if (!pom.network) {
    add('unknown-network', '')
    return
  }
  const { loads, generators, storages } = versionOf(pom.network).compiled
  const lists = [loads, generators, storages].filter(({ ids }) => ids.includes(series))
  if (lists.length === 0) add('unknown-series', '/series', `The network has no load, generator or storage ${series}.`)
  if (lists.length > 1) add('bad-id', '/series', `${series} is the id of several elements of the network.`)
  if (!pom.models.has(series) && pom.models.size >= SERIES_MAX)
    add('too-many', '/series', `At most ${SERIES_MAX} series.`)
}
