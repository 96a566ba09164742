/**
 * An account of the grid that owes nothing to the platform: a power flow for every quarter-hour of the day, before and
 * after what the customers do differently, and which limits (T-71) are broken.
 *
 * A quarter-hour without a solution is counted as such, never as free of violations.
 */
import { compileNetwork } from '../../../domain/grid/compile-network.ts'
import { powerFlow } from '../../../domain/grid/power-flow.ts'
import { limitsOf, type Violation, violationsOf } from '../../../domain/grid/violations.ts'
import type { GridDay, MarketGrid } from './market-grid.ts'

/** By how much a point of delivery is moved in each MTU; up positive (T-26), W and var. */
export type Movements = ReadonlyMap<string, { readonly p: Float64Array; readonly q: Float64Array }>

export interface DayCheck {
  /** In the order of the MTUs; undefined: the power flow found no solution. */
  readonly mtus: readonly (readonly Violation[] | undefined)[]
  readonly minVoltagePu: number
  readonly maxVoltagePu: number
  /** Of lines and transformers. */
  readonly maxLoadingPercent: number
}

export const checkDay = ({ network }: MarketGrid, day: GridDay, mtus: number, moved?: Movements): DayCheck => {
  const { compiled, problems } = compileNetwork(network)
  if (compiled === undefined) throw new Error(`the network has errors: ${JSON.stringify(problems.slice(0, 3))}`)
  const limits = limitsOf(compiled)
  const flow = powerFlow(compiled)
  const loads = { p_kW: new Float64Array(network.loads.length), q_kvar: new Float64Array(network.loads.length) }
  const count = network.generators.length
  const generators = { p_kW: new Float64Array(count), q_kvar: new Float64Array(count) }
  let minVoltagePu = Number.POSITIVE_INFINITY
  let maxVoltagePu = Number.NEGATIVE_INFINITY
  let maxLoadingPercent = 0
  const found = Array.from({ length: mtus }, (_, mtu) => {
    network.loads.forEach(({ pod }, n) => {
      const own = pod === undefined ? undefined : moved?.get(pod)
      loads.p_kW[n] = day.loads[n]!.p_kW[mtu]! - (own?.p[mtu] ?? 0) / 1_000
      loads.q_kvar[n] = day.loads[n]!.q_kvar[mtu]! - (own?.q[mtu] ?? 0) / 1_000
    })
    day.generators.forEach(({ p_kW, q_kvar }, n) => {
      generators.p_kW[n] = p_kW[mtu]!
      generators.q_kvar[n] = q_kvar[mtu]!
    })
    const state = flow.solve({ loads, generators })
    if (state.status === 'diverged') return undefined
    for (const vm of state.vm_pu) {
      if (vm < minVoltagePu) minVoltagePu = vm
      if (vm > maxVoltagePu) maxVoltagePu = vm
    }
    for (const { loadingPercent } of [state.lines, state.transformers])
      for (const loading of loadingPercent) if (loading > maxLoadingPercent) maxLoadingPercent = loading
    return violationsOf(compiled, limits, state)
  })
  return { mtus: found, minVoltagePu, maxVoltagePu, maxLoadingPercent }
}
