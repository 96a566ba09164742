/** `flexledger grid solve NETWORK`: the power flow of a network, for its own powers or for slots from a file. */
import type { SolvedVoltage } from '../../domain/grid/cim/cim-network.ts'
import { compileNetwork } from '../../domain/grid/compile-network.ts'
import type { Network } from '../../domain/grid/network.ts'
import { type Divergence, type GridState, powerFlow } from '../../domain/grid/power-flow.ts'
import type { Slot } from '../../domain/grid/slots-file.ts'
import { stateToJson, summaryOf } from '../../domain/grid/state-file.ts'
import { limitsOf, type Violation, violationsOf } from '../../domain/grid/violations.ts'
import { Finding, printJson, printText, table, UsageError } from '../output.ts'
import { limitsFrom, slotsFrom } from './grid-files.ts'
import { listed, networkFrom, warnings } from './network-input.ts'

interface Flags {
  readonly slots?: string
  readonly limits?: string
  readonly transformerModel: 't' | 'pi'
  readonly json?: boolean
}

export const gridSolve = async (files: readonly string[], flags: Flags): Promise<void> => {
  const { network, problems: ofFile, solution = [] } = await networkFrom(files)
  const { compiled, problems: ofNetwork } = compileNetwork(network, { transformerModel: flags.transformerModel })
  const problems = [...ofFile, ...ofNetwork]
  if (compiled === undefined) throw new UsageError(`${files.join(', ')} cannot be solved:\n${listed(problems)}`)
  const slots = flags.slots === undefined ? undefined : await slotsFrom(flags.slots, network)
  const limits = limitsOf(compiled, await limitsFrom(flags.limits, network))
  const flow = powerFlow(compiled)
  const solve = (slot: Slot): Solved => {
    const state = flow.solve(slot.powers)
    const violations = state.status === 'converged' ? violationsOf(compiled, limits, state) : []
    return { slot, state, violations }
  }
  // A state lives until the next slot is solved, so each is printed or turned into JSON first.
  const results = (slots ?? [{ powers: {} }]).map(slot => {
    const solved = solve(slot)
    const hasDiverged = solved.state.status === 'diverged'
    // What the files say is the solution holds for their own powers alone.
    const comparison = slots === undefined ? comparedWith(solution, network, solved.state) : undefined
    return {
      hasDiverged,
      output: flags.json ? documentOf(network, solved, comparison) : readable(network, solved, comparison)
    }
  })
  const head = { network: network.name, transformerModel: flags.transformerModel, problems }
  if (!flags.json) printText([...warnings(problems), ...results.map(({ output }) => output)].join('\n\n'))
  else if (slots === undefined) printJson({ ...head, ...(results[0]?.output as object) })
  else printJson({ ...head, slots: results.map(({ output }) => output) })
  const diverged = results.filter(({ hasDiverged }) => hasDiverged).length
  if (diverged > 0) throw new Finding(`${diverged} of ${results.length} slots have no solution`)
}

interface Solved {
  readonly slot: Slot
  readonly state: GridState | Divergence
  readonly violations: readonly Violation[]
}

const nameOf = ({ title, time }: Slot) => ({
  ...(title !== undefined && { title }),
  ...(time !== undefined && { time })
})

const documentOf = (network: Network, { slot, state, violations }: Solved, comparison: Comparison | undefined) =>
  state.status === 'diverged'
    ? { ...nameOf(slot), ...state }
    : { ...nameOf(slot), ...stateToJson(network, state, violations), ...(comparison && { comparison }) }

interface Comparison {
  readonly buses: number
  readonly largestVoltageDifference_pu: number
  readonly largestAngleDifference_degree: number
  readonly bus: string
}

/** How far the voltages are from those that the files themselves give (SV). */
const comparedWith = (
  solution: readonly SolvedVoltage[],
  network: Network,
  state: GridState | Divergence
): Comparison | undefined => {
  if (solution.length === 0 || state.status === 'diverged') return undefined
  const place = new Map(network.buses.map(({ id }, n) => [id, n]))
  let buses = 0
  let voltage = 0
  let angle = 0
  let at = ''
  for (const { bus, vm_pu, va_degree } of solution) {
    const n = place.get(bus)
    const here = n === undefined ? Number.NaN : state.vm_pu[n]!
    if (n === undefined || Number.isNaN(here)) continue
    buses++
    const turned = Math.abs(state.va_degree[n]! - va_degree) % 360
    angle = Math.max(angle, Math.min(turned, 360 - turned))
    if (at !== '' && Math.abs(here - vm_pu) <= voltage) continue
    voltage = Math.abs(here - vm_pu)
    at = bus
  }
  return { buses, largestVoltageDifference_pu: voltage, largestAngleDifference_degree: angle, bus: at }
}

/** Violations shown for people; with --json all of them. */
const VIOLATIONS_SHOWN = 20

const readable = (
  network: Network,
  { slot, state, violations }: Solved,
  comparison: Comparison | undefined
): string => {
  const title = [slot.title, slot.time].filter(part => part !== undefined).join(', ')
  const head = title === '' ? [] : [title]
  if (state.status === 'diverged')
    return [
      ...head,
      `no solution (${state.reason}) after ${state.iterations} steps; weakest at bus ${state.bus}, where the last step was ${state.largestStep_pu.toPrecision(3)} pu`
    ].join('\n')
  const summary = summaryOf(network, state, violations)
  const shown = violations.slice(0, VIOLATIONS_SHOWN)
  return [
    ...head,
    `solved in ${state.iterations} steps: ${network.buses.length} buses, ${summary.busesWithoutVoltage} of them without voltage`,
    table(
      ['', 'value', 'at'],
      [
        ['lowest voltage, pu', decimals(summary.minVoltage_pu, 6), summary.minVoltageBus ?? ''],
        ['highest voltage, pu', decimals(summary.maxVoltage_pu, 6), summary.maxVoltageBus ?? ''],
        ['worst line, %', decimals(summary.maxLineLoadingPercent, 2), summary.maxLine ?? ''],
        ['worst transformer, %', decimals(summary.maxTransformerLoadingPercent, 2), summary.maxTransformer ?? ''],
        ['losses in lines, kW', decimals(summary.lineLosses_kW, 3), ''],
        ['losses in transformers, kW', decimals(summary.transformerLosses_kW, 3), ''],
        ['from external grids, kW', decimals(summary.externalGrid_kW, 3), ''],
        ['from external grids, kvar', decimals(summary.externalGrid_kvar, 3), '']
      ]
    ),
    ...(comparison === undefined
      ? []
      : [
          `the files' own solution (SV) differs at ${comparison.buses} buses by at most ${comparison.largestVoltageDifference_pu.toExponential(1)} pu (${comparison.bus}) and ${comparison.largestAngleDifference_degree.toExponential(1)}°`
        ]),
    ...(violations.length === 0
      ? ['no violation']
      : [
          `${violations.length} violations`,
          table(
            ['violation', 'element', 'value', 'limit', 'unit'],
            shown.map(one =>
              'value_pu' in one
                ? [one.kind, one.element, one.value_pu.toFixed(5), one.limit_pu, 'pu']
                : [one.kind, one.element, one.value_A.toFixed(2), one.limit_A.toFixed(2), 'A']
            )
          )
        ]),
    ...(violations.length > shown.length ? [`and ${violations.length - shown.length} more (--json has all)`] : [])
  ].join('\n')
}

const decimals = (value: number | null, digits: number): string => (value === null ? '–' : value.toFixed(digits))
