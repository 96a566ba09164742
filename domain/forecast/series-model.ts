/**
 * What is known of one series of power: a customer, a plant, a lumped load below a transformer. Plain data, some tens of kB,
 * that goes into an event or a snapshot as it is and is carried on day by day (`learn`).
 *
 * Sign everywhere in this folder: withdrawal is positive, injection negative (as registered baselines are), W and var.
 */
import type { DayType } from './local-day.ts'

/** What the series is of (DTP-FC-01): loads and other plants are known by their history alone. */
export type PlantData = Load | OtherPlant | SolarPlant | WindPlant

export interface Load {
  readonly kind: 'load'
}

/** Hydro, biomass, cogeneration, storage: what day of the week it is plays no part. */
export interface OtherPlant {
  readonly kind: 'other'
}

export interface SolarPlant {
  readonly kind: 'solar'
  /** Output at 1,000 W/m² and a cell of 25 °C, W. */
  readonly rated_W: number
  /** North and east are positive. */
  readonly latitude_degree: number
  readonly longitude_degree: number
  /** 0 lies flat, 90 stands. */
  readonly tilt_degree: number
  /** Where the panels look, clockwise from north: 180 is south. */
  readonly azimuth_degree: number
}

export interface WindPlant {
  readonly kind: 'wind'
  readonly rated_W: number
  readonly hubHeight_m: number
  /** Speeds at the hub: output begins, is at its rating, is shut off. */
  readonly cutIn_m_s: number
  readonly rated_m_s: number
  readonly cutOut_m_s: number
}

export interface SeriesModel {
  readonly version: 1
  readonly id: string
  readonly plant: PlantData
  /** Last day that was learned, and how many in all. */
  readonly lastDate: string | null
  readonly days: number
  /** Typical profiles; a cell is absent until a day of its month and type was learned. */
  readonly cells: Readonly<Record<string, ProfileCell>>
  /** The last days of each type, newest first. */
  readonly recent: Readonly<Record<DayType, readonly RecentDay[]>>
  readonly errors: ErrorMemory
  /** What is asked of the days behind a band, so that a tenth of what comes is below it and a tenth above. */
  readonly band: { readonly below: BandSide; readonly above: BandSide }
  /** Of plants with weather: what they gave beside what the weather promised. */
  readonly plantYield: PlantYield
}

export interface BandSide {
  /** Share of the days behind the band that is left out of it on this side. */
  readonly share: number
  /** Share of the last weeks' outcomes that lay beyond the edge, and that lay beyond or on it. */
  readonly beyond: number
  readonly reached: number
}

/** One month and day type: 96 expected values, and how many days stand behind them. */
export interface ProfileCell {
  readonly days: number
  readonly p: readonly number[]
  readonly q: readonly number[]
}

/** The day type under which a series keeps a day: the sun and the wind know no Sundays. */
export const keptType = (plant: PlantData, type: DayType): DayType => (plant.kind === 'load' ? type : 'workday')

/** A day as it was measured, on the 96 quarter-hours of the clock; null where nothing was measured. */
export interface RecentDay {
  readonly date: string
  readonly p: readonly (number | null)[]
  /** Panels: what a clear sky would have given. */
  readonly clear?: readonly number[]
}

/**
 * How errors of the day's forecast go on: exponentially weighted sums of products. Errors are W; those of panels are shares
 * of what a clear sky would give, so that an error of the morning is not carried into the night.
 */
export interface ErrorMemory {
  /** Mean error of the last learned day. */
  readonly lastMean: number
  /** Σ of squares of a day's mean error, and of its product with the next day's. */
  readonly daySquares: number
  readonly dayProducts: number
  /** For 1 … 16 slots later: Σ of squares of the latest error, and of its product with the error then. */
  readonly slotSquares: readonly number[]
  readonly slotProducts: readonly number[]
  /** For 1 … 16 slots later: Σ of absolute errors without and with the correction. */
  readonly absoluteBefore: readonly number[]
  readonly absoluteAfter: readonly number[]
}

export interface PlantYield {
  /** For each UTC hour Σ of measured × promised and of promised², W². */
  readonly products: readonly number[]
  readonly squares: readonly number[]
  /** Measured minus promised of the last days, share of the rating, newest first; 96 values, null where unknown. */
  readonly misses: readonly (readonly (number | null)[])[]
}

/** The next 4 hours: one block of the real-time market. */
export const NEXT_SLOTS = 16

const zeros = (length: number): readonly number[] => Array.from({ length }, () => 0)

const untried: BandSide = { share: 0.1, beyond: 0.1, reached: 0.1 }

export const initialModel = (id: string, plant: PlantData = { kind: 'load' }): SeriesModel => ({
  version: 1,
  id,
  plant,
  lastDate: null,
  days: 0,
  cells: {},
  recent: { workday: [], saturday: [], holiday: [] },
  band: { below: untried, above: untried },
  errors: {
    lastMean: 0,
    daySquares: 0,
    dayProducts: 0,
    slotSquares: zeros(NEXT_SLOTS),
    slotProducts: zeros(NEXT_SLOTS),
    absoluteBefore: zeros(NEXT_SLOTS),
    absoluteAfter: zeros(NEXT_SLOTS)
  },
  plantYield: { products: zeros(24), squares: zeros(24), misses: [] }
})
