/**
 * A distribution network as plain data: what the own JSON format holds (docs/reference/network.md), in the units that its
 * names say. Pieces refer to each other by id. Balanced three-phase: P and Q are totals of three phases, kV is line to line.
 *
 * Signs: a load's and a storage's power is withdrawal, a generator's is injection.
 * Assumes nothing: `checkNetwork` says what is wrong with one.
 */

export interface Bus {
  readonly id: string
  /** Nominal voltage, line to line; the base of every per-unit figure of this bus. */
  readonly kV: number
  /** Name of the part of the grid that it belongs to; for people. */
  readonly subnet?: string
  /** Name of the station where it is; without it the station is called by its first bus. */
  readonly substation?: string
  readonly minVoltagePu?: number
  readonly maxVoltagePu?: number
  readonly inService: boolean
}

/** Totals of the whole length and of all parallel systems together. */
export interface Line {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly lengthKm?: number
  readonly r_ohm: number
  readonly x_ohm: number
  readonly c_nF: number
  readonly g_uS: number
  /** Without it the line has no loading and is never overloaded. */
  readonly max_A?: number
  readonly inService: boolean
}

export type TapSide = 'hv' | 'lv'

/**
 * `ratio`: the tap winding adds tapStep_percent a step at an angle of tapStep_degree (0: in phase).
 * `ideal`: the step turns the voltage by tapStep_degree (or, without one, by the chord of tapStep_percent) and keeps its size.
 */
export type TapKind = 'ratio' | 'ideal'

/** In the middle of the leakage impedance, half at each end, or whole at one end (behind the taps). */
export type NoLoadAt = 'middle' | 'ends' | 'hv' | 'lv'

/** Nameplate of one unit; `parallel` equal units stand side by side. */
export interface Transformer {
  readonly id: string
  readonly highVoltageBus: string
  readonly lowVoltageBus: string
  readonly rated_kVA: number
  readonly highVoltage_kV: number
  readonly lowVoltage_kV: number
  readonly vk_percent: number
  readonly vkr_percent: number
  readonly ironLoss_kW: number
  readonly i0_percent: number
  /** By how much the low side lags the high side. */
  readonly shift_degree: number
  readonly tapSide?: TapSide
  readonly tapKind: TapKind
  readonly tapPosition: number
  readonly tapNeutral: number
  readonly tapMin?: number
  readonly tapMax?: number
  readonly tapStep_percent: number
  readonly tapStep_degree: number
  readonly parallel: number
  /** Where the magnetising branch stands; without it, where the calculation puts it (T: in the middle). */
  readonly noLoadAt?: NoLoadAt
  /** Share of the rating that may be used; 1 is all of it. */
  readonly loadingFactor: number
  readonly inService: boolean
}

export type SwitchedElement = 'bus' | 'line' | 'transformer'

/** At `bus`, towards another bus (closed: both are one) or towards the line or transformer that ends there. */
export interface Switch {
  readonly id: string
  readonly bus: string
  readonly element: string
  readonly elementType: SwitchedElement
  readonly closed: boolean
}

/** Holds its bus at one voltage and gives or takes whatever that needs. */
export interface ExternalGrid {
  readonly bus: string
  readonly vm_pu: number
  readonly va_degree: number
}

/** A load, a generator or a storage: constant active and reactive power. */
export interface Injector {
  readonly id: string
  readonly bus: string
  readonly p_kW: number
  readonly q_kvar: number
  readonly rated_kVA?: number
  readonly capacity_kWh?: number
  readonly kind?: string
  readonly profile?: string
  /** Point of delivery that it is metered at; several may share one. */
  readonly pod?: string
  readonly inService: boolean
}

/** Constant impedance that takes these powers at 1 pu. */
export interface Shunt {
  readonly id: string
  readonly bus: string
  readonly p_kW: number
  readonly q_kvar: number
  readonly inService: boolean
}

export interface Network {
  readonly name: string
  readonly source?: string
  readonly frequencyHz: number
  readonly buses: readonly Bus[]
  readonly lines: readonly Line[]
  readonly transformers: readonly Transformer[]
  readonly switches: readonly Switch[]
  readonly externalGrids: readonly ExternalGrid[]
  readonly loads: readonly Injector[]
  readonly generators: readonly Injector[]
  readonly storages: readonly Injector[]
  readonly shunts: readonly Shunt[]
}

/** Low voltage ends here, medium voltage begins above (EN 50160). */
export const LOW_VOLTAGE_KV_MAX = 1
/** Medium voltage ends here, high voltage begins above (EN 50160). */
export const MEDIUM_VOLTAGE_KV_MAX = 36

export type VoltageLevel = 'low' | 'medium' | 'high'

export const voltageLevel = (kV: number): VoltageLevel =>
  kV <= LOW_VOLTAGE_KV_MAX ? 'low' : kV <= MEDIUM_VOLTAGE_KV_MAX ? 'medium' : 'high'
