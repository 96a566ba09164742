/**
 * A grid state as JSON for people and programs (docs/reference/network.md): elements by id, the quantities named with their
 * units. What has no value (an open end, an island, no rating) is null.
 */
import { lowestAndHighest } from './extremes.ts'
import type { Network } from './network.ts'
import type { BranchState, GridState } from './power-flow.ts'
import type { Violation } from './violations.ts'

export const stateToJson = (network: Network, state: GridState, violations: readonly Violation[]) => ({
  status: state.status,
  iterations: state.iterations,
  summary: summaryOf(network, state, violations),
  buses: network.buses.map(({ id }, n) => ({ id, vm_pu: known(state.vm_pu[n]), va_degree: known(state.va_degree[n]) })),
  lines: network.lines.map(({ id }, n) => ({ id, ...branchToJson(state.lines, n, 'from', 'to') })),
  transformers: network.transformers.map(({ id }, n) => ({ id, ...branchToJson(state.transformers, n, 'hv', 'lv') })),
  externalGrids: network.externalGrids.map(({ bus }, n) => ({
    bus,
    p_kW: known(state.externalGrid_kW[n]),
    q_kvar: known(state.externalGrid_kvar[n])
  })),
  violations
})

export const summaryOf = (network: Network, state: GridState, violations: readonly Violation[]) => {
  const voltage = lowestAndHighest(state.vm_pu)
  const line = lowestAndHighest(state.lines.loadingPercent).highest
  const transformer = lowestAndHighest(state.transformers.loadingPercent).highest
  return {
    minVoltage_pu: known(state.vm_pu[voltage.lowest]),
    minVoltageBus: network.buses[voltage.lowest]?.id ?? null,
    maxVoltage_pu: known(state.vm_pu[voltage.highest]),
    maxVoltageBus: network.buses[voltage.highest]?.id ?? null,
    maxLineLoadingPercent: known(state.lines.loadingPercent[line]),
    maxLine: network.lines[line]?.id ?? null,
    maxTransformerLoadingPercent: known(state.transformers.loadingPercent[transformer]),
    maxTransformer: network.transformers[transformer]?.id ?? null,
    lineLosses_kW: state.lineLosses_kW,
    transformerLosses_kW: state.transformerLosses_kW,
    externalGrid_kW: state.externalGrid_kW.reduce((sum, p) => sum + p, 0),
    externalGrid_kvar: state.externalGrid_kvar.reduce((sum, q) => sum + q, 0),
    busesWithoutVoltage: state.vm_pu.filter(Number.isNaN).length,
    violations: violations.length
  }
}

const branchToJson = (state: BranchState, n: number, from: 'from' | 'hv', to: 'to' | 'lv') => ({
  loadingPercent: known(state.loadingPercent[n]),
  losses_kW: known(state.losses_kW[n]),
  losses_kvar: known(state.losses_kvar[n]),
  [`p_${from}_kW`]: known(state.pFrom_kW[n]),
  [`q_${from}_kvar`]: known(state.qFrom_kvar[n]),
  [`p_${to}_kW`]: known(state.pTo_kW[n]),
  [`q_${to}_kvar`]: known(state.qTo_kvar[n]),
  [`i_${from}_A`]: known(state.iFrom_A[n]),
  [`i_${to}_A`]: known(state.iTo_A[n])
})

const known = (value: number | undefined): number | null => (value === undefined || Number.isNaN(value) ? null : value)
