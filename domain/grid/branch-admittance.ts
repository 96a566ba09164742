/**
 * The two-port admittances of lines and transformers, in per unit of 1 MVA and the nominal voltages of their buses.
 *
 * Lines: pi circuit, half of the charging at each end. Transformers: the magnetising branch stands in the middle of the
 * leakage impedance (T circuit, the default, turned into its equal pi), or half of it at each end (`pi`), unless
 * the transformer itself says where; the ratio with
 * taps and shift is ideal and stands on the high side, impedances are referred to the low side. An off-neutral tap on the
 * low side changes the impedance with the square of its voltage, one on the high side does not. These are the conventions
 * of pandapower, so both give the same figures.
 */
import type { Line, Network, NoLoadAt, Transformer } from './network.ts'

/** Base power of the per-unit system, MVA: also what per-unit powers mean. */
export const BASE_MVA = 1

export type TransformerModel = 't' | 'pi'

export interface Complex {
  readonly re: number
  readonly im: number
}

/** Currents into both ends: i_from = ff·v_from + ft·v_to, i_to = tf·v_from + tt·v_to. */
export interface TwoPort {
  readonly ff: Complex
  readonly ft: Complex
  readonly tf: Complex
  readonly tt: Complex
}

export const lineImpedance = ({ r_ohm, x_ohm }: Line): number => Math.hypot(r_ohm, x_ohm)

export const transformerImpedance = ({ vk_percent }: Transformer): number => vk_percent

export const lineTwoPort = (line: Line, kV: number, frequencyHz: Network['frequencyHz']): TwoPort => {
  const ohm = (kV * kV) / BASE_MVA
  const series = divide(complex(1, 0), complex(line.r_ohm / ohm, line.x_ohm / ohm))
  const half = complex((line.g_uS * 1e-6 * ohm) / 2, (2 * Math.PI * frequencyHz * line.c_nF * 1e-9 * ohm) / 2)
  const own = add(series, half)
  const mutual = complex(-series.re, -series.im)
  return { ff: own, ft: mutual, tf: mutual, tt: own }
}

export const transformerTwoPort = (
  transformer: Transformer,
  highBus_kV: number,
  lowBus_kV: number,
  model: TransformerModel
): TwoPort => {
  const { high_kV, low_kV, shift_degree } = tapped(transformer)
  const { rated_kVA, vk_percent, vkr_percent, ironLoss_kW, i0_percent, parallel, lowVoltage_kV } = transformer
  const rated_MVA = rated_kVA / 1000
  const leakage = ((low_kV / lowBus_kV) ** 2 * BASE_MVA) / rated_MVA / parallel / 100
  const r = vkr_percent * leakage
  const x = Math.sqrt(vk_percent ** 2 - vkr_percent ** 2) * leakage
  const iron_MW = ironLoss_kW / 1000
  const noLoad_MVA = (i0_percent / 100) * rated_MVA
  const magnetising_Mvar = Math.sqrt(Math.max(0, noLoad_MVA ** 2 - iron_MW ** 2))
  const perMVA = ((lowBus_kV / lowVoltage_kV) ** 2 * parallel) / BASE_MVA / (low_kV / lowVoltage_kV) ** 2
  const middle = complex(iron_MW * perMVA, -magnetising_Mvar * perMVA)
  const place = transformer.noLoadAt ?? (model === 'pi' ? 'ends' : 'middle')
  const { series, high, low } = equivalentPi(complex(r, x), middle, place)
  const ratio = high_kV / low_kV / (highBus_kV / lowBus_kV)
  const angle = (shift_degree * Math.PI) / 180
  const tap = complex(ratio * Math.cos(angle), ratio * Math.sin(angle))
  const atHigh = add(series, high)
  const minus = complex(-series.re, -series.im)
  return {
    ff: complex(atHigh.re / ratio ** 2, atHigh.im / ratio ** 2),
    ft: divide(minus, complex(tap.re, -tap.im)),
    tf: divide(minus, tap),
    tt: add(series, low)
  }
}

/** Rated voltages and shift at the tap position. */
const tapped = (transformer: Transformer): { high_kV: number; low_kV: number; shift_degree: number } => {
  const { highVoltage_kV, lowVoltage_kV, shift_degree, tapSide, tapKind } = transformer
  const { tapPosition, tapNeutral, tapStep_percent, tapStep_degree } = transformer
  const steps = tapPosition - tapNeutral
  if (steps === 0 || tapSide === undefined) return { high_kV: highVoltage_kV, low_kV: lowVoltage_kV, shift_degree }
  const direction = tapSide === 'hv' ? 1 : -1
  if (tapKind === 'ideal') {
    const turned =
      tapStep_degree !== 0 ? steps * tapStep_degree : degrees(2 * Math.asin((steps * tapStep_percent) / 200))
    return { high_kV: highVoltage_kV, low_kV: lowVoltage_kV, shift_degree: shift_degree + direction * turned }
  }
  const winding_kV = tapSide === 'hv' ? highVoltage_kV : lowVoltage_kV
  const added_kV = (winding_kV * steps * tapStep_percent) / 100
  const angle = (tapStep_degree * Math.PI) / 180
  const along = winding_kV + added_kV * Math.cos(angle)
  const across = added_kV * Math.sin(angle)
  const tapped_kV = Math.hypot(along, across)
  return {
    high_kV: tapSide === 'hv' ? tapped_kV : highVoltage_kV,
    low_kV: tapSide === 'lv' ? tapped_kV : lowVoltage_kV,
    shift_degree: shift_degree + degrees(Math.atan((direction * across) / along))
  }
}

interface Pi {
  readonly series: Complex
  readonly high: Complex
  readonly low: Complex
}

/**
 * Two halves z/2 with the admittance y between them are, from outside, a pi of series impedance z·(1 + y·z/4) and an
 * admittance of y / (2·(1 + y·z/4)) at each end.
 */
const equivalentPi = (impedance: Complex, noLoad: Complex, place: NoLoadAt): Pi => {
  const one = complex(1, 0)
  const none = complex(0, 0)
  const half = complex(noLoad.re / 2, noLoad.im / 2)
  switch (place) {
    case 'ends':
      return { series: divide(one, impedance), high: half, low: half }
    case 'hv':
      return { series: divide(one, impedance), high: noLoad, low: none }
    case 'lv':
      return { series: divide(one, impedance), high: none, low: noLoad }
    case 'middle': {
      const product = multiply(noLoad, impedance)
      const factor = complex(1 + product.re / 4, product.im / 4)
      const end = divide(half, factor)
      return { series: divide(one, multiply(impedance, factor)), high: end, low: end }
    }
  }
}

const degrees = (radians: number): number => (radians * 180) / Math.PI

export const complex = (re: number, im: number): Complex => ({ re, im })
export const add = (a: Complex, b: Complex): Complex => complex(a.re + b.re, a.im + b.im)
export const multiply = (a: Complex, b: Complex): Complex =>
  complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
export const divide = (a: Complex, b: Complex): Complex => {
  const size = b.re * b.re + b.im * b.im
  return complex((a.re * b.re + a.im * b.im) / size, (a.im * b.re - a.re * b.im) / size)
}
