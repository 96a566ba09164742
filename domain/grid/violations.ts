/**
 * Where a grid state breaks its limits (DTP-PF-05): voltage at buses, current in lines and transformers.
 *
 * Which limit counts (T-71): the one set for the element by id, else the one in the network's file (bus voltages), else
 * that of the voltage level; loading: 100 % of the rating unless set. An element without a rating is never overloaded, a
 * bus without a voltage breaks no limit (it is an island, which `checkNetwork` reports).
 */
import type { CompiledNetwork } from './compile-network.ts'
import { type VoltageLevel, voltageLevel } from './network.ts'
import type { BranchState, GridState } from './power-flow.ts'

export interface VoltageBand {
  readonly minPu: number
  readonly maxPu: number
}

export interface Thresholds {
  readonly voltage: Readonly<Record<VoltageLevel, VoltageBand>>
  readonly loadingPercent: number
  /** By id of the bus. */
  readonly buses?: Readonly<Record<string, Partial<VoltageBand>>>
  /** Percent, by id. */
  readonly lines?: Readonly<Record<string, number>>
  readonly transformers?: Readonly<Record<string, number>>
}

/** T-71; high voltage is not ours to hold, its band is that of the contract. */
export const defaultThresholds: Thresholds = {
  voltage: {
    low: { minPu: 0.9, maxPu: 1.1 },
    medium: { minPu: 0.95, maxPu: 1.05 },
    high: { minPu: 0.9, maxPu: 1.1 }
  },
  loadingPercent: 100
}

/** The limits of every element of one network, by its place in the list. */
export interface Limits {
  readonly minPu: Float64Array
  readonly maxPu: Float64Array
  readonly linePercent: Float64Array
  readonly transformerPercent: Float64Array
}

export type Violation =
  | {
      readonly kind: 'under-voltage' | 'over-voltage'
      readonly element: string
      readonly index: number
      readonly value_pu: number
      readonly limit_pu: number
    }
  | {
      readonly kind: 'line-overload' | 'transformer-overload'
      readonly element: string
      readonly index: number
      /** At the end that is nearer to its rating. */
      readonly value_A: number
      readonly limit_A: number
      readonly loadingPercent: number
      readonly limitPercent: number
    }

/** An element may be called as something that every object has. */
const own = <T>(byId: Readonly<Record<string, T>> | undefined, id: string): T | undefined =>
  byId !== undefined && Object.hasOwn(byId, id) ? byId[id] : undefined

export const limitsOf = (
  { network }: Pick<CompiledNetwork, 'network'>,
  { voltage, loadingPercent, buses, lines, transformers }: Thresholds = defaultThresholds
): Limits => ({
  minPu: Float64Array.from(
    network.buses,
    ({ id, kV, minVoltagePu }) => own(buses, id)?.minPu ?? minVoltagePu ?? voltage[voltageLevel(kV)].minPu
  ),
  maxPu: Float64Array.from(
    network.buses,
    ({ id, kV, maxVoltagePu }) => own(buses, id)?.maxPu ?? maxVoltagePu ?? voltage[voltageLevel(kV)].maxPu
  ),
  linePercent: Float64Array.from(network.lines, ({ id }) => own(lines, id) ?? loadingPercent),
  transformerPercent: Float64Array.from(network.transformers, ({ id }) => own(transformers, id) ?? loadingPercent)
})

/**
 * A value this near to its limit counts as within: the power flow is not more exact, and a result that was optimised up to
 * the limit must not be called a violation for its rounding.
 */
export const VOLTAGE_MARGIN_PU = 1e-9
export const LOADING_MARGIN_PERCENT = 1e-6

export const violationsOf = (compiled: CompiledNetwork, limits: Limits, state: GridState): readonly Violation[] => {
  const { network, lines, transformers } = compiled
  const found: Violation[] = []
  for (let index = 0; index < network.buses.length; index++) {
    const value_pu = state.vm_pu[index]!
    const low = limits.minPu[index]!
    const high = limits.maxPu[index]!
    if (value_pu < low - VOLTAGE_MARGIN_PU)
      found.push({ kind: 'under-voltage', element: network.buses[index]!.id, index, value_pu, limit_pu: low })
    if (value_pu > high + VOLTAGE_MARGIN_PU)
      found.push({ kind: 'over-voltage', element: network.buses[index]!.id, index, value_pu, limit_pu: high })
  }
  const overloads = (
    kind: 'line-overload' | 'transformer-overload',
    elements: readonly { readonly id: string }[],
    { fromRated_A, toRated_A }: CompiledNetwork['lines'],
    { loadingPercent, iFrom_A, iTo_A }: BranchState,
    percent: Float64Array
  ): void => {
    for (let index = 0; index < elements.length; index++) {
      const loading = loadingPercent[index]!
      const limitPercent = percent[index]!
      // NaN (no rating, no voltage) compares false.
      if (!(loading > limitPercent + LOADING_MARGIN_PERCENT)) continue
      const isFrom = iFrom_A[index]! / fromRated_A[index]! >= iTo_A[index]! / toRated_A[index]!
      found.push({
        kind,
        element: elements[index]!.id,
        index,
        value_A: isFrom ? iFrom_A[index]! : iTo_A[index]!,
        limit_A: ((isFrom ? fromRated_A[index]! : toRated_A[index]!) * limitPercent) / 100,
        loadingPercent: loading,
        limitPercent
      })
    }
  }
  overloads('line-overload', network.lines, lines, state.lines, limits.linePercent)
  overloads('transformer-overload', network.transformers, transformers, state.transformers, limits.transformerPercent)
  return found
}
