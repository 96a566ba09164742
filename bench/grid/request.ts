/**
 * Flow 2 (DTP-PF, DTP-ROF-01…03) from forecast powers on: the power flow of every quarter-hour of a day and its violations, the
 * cheapest activation that cures them, who could help (alerts) and the requests to the market; just what the grid
 * operator does when a session opens, in its threads, with one price for all, as the market finds the price; for one primary
 * substation also without threads.
 *
 * The networks are districts of SimBench with an evening peak that breaks limits (`district.ts`); half of each customer's
 * power may be left off. Several primary substations are planned one after the other, as their sessions are; each has
 * a peak of its own.
 */
import { table } from '../../cli/output.ts'
import { compileNetwork } from '../../domain/grid/compile-network.ts'
import type { PlacedUnit } from '../../domain/grid/flexibility-request/substation-requests.ts'
import { placesOf } from '../../domain/grid/hierarchy.ts'
import { limitsOf } from '../../domain/grid/violations.ts'
import type { GridCalculation, PlanProblem } from '../../domain/grid-operation/calculation.ts'
import { gridCalculation } from '../../domain/grid-operation/grid-calculation.ts'
import { loadSolver } from '../../domain/optimisation/solver.ts'
import { type CalculationThreads, calculationThreads } from '../../processors/grid-operator/calculation-threads.ts'
import { dayOf, districtOf } from './district.ts'
import { medianOf, roundsFor, slopeOf } from './rounds.ts'

export interface RequestRow {
  readonly pods: number
  readonly substations: number
  readonly ms: number
  /** Without threads; of one substation alone. */
  readonly aloneMs?: number
  /** Of it: power flows and violations of all slots. */
  readonly statesMs: number
  readonly violatedSlots: number
  readonly violations: number
  readonly requests: number
  readonly unresolved: number
}

export interface Requests {
  readonly rows: readonly RequestRow[]
  readonly slope: number
}

const PODS_PER_SUBSTATION = 1_500
/** Evening peaks, of the loads in the file: each breaks limits for two hours and more. */
const PEAKS = [1.9, 1.95, 1.85, 1.8]
/** The market's smallest bid, W. */
const MINIMUM_BID = 10

export const requestRows = async (sizes: readonly number[], tell: (text: string) => void): Promise<Requests> => {
  const alone = gridCalculation(await loadSolver())
  const threads = calculationThreads()
  const rows: RequestRow[] = []
  for (const pods of sizes) {
    tell(`flow 2, ${pods} points of delivery`)
    rows.push(await measured(pods, threads, alone))
  }
  await threads.close()
  return { rows, slope: slopeOf(rows.map(({ pods, ms }) => ({ size: pods, ms }))) }
}

const measured = async (pods: number, threads: CalculationThreads, alone: GridCalculation): Promise<RequestRow> => {
  const substations = Math.max(1, Math.round(pods / PODS_PER_SUBSTATION))
  const problems = Array.from({ length: Math.min(substations, PEAKS.length) }, (_, n) =>
    problemOf(Math.ceil(pods / substations), PEAKS[n]!)
  )
  const substation = async (n: number, calculation: CalculationThreads | GridCalculation) => {
    const problem = problems[n % problems.length]!
    const started = performance.now()
    const { violations, divergences } = await calculation.states({ ...problem, start: 0 })
    const statesMs = performance.now() - started
    if (divergences.length > 0) throw new Error('flow 2: a slot has no solution')
    const violated = new Set(violations.flatMap((found, slot) => (found?.length ? [slot] : [])))
    const { requests, unresolved } = await calculation.plan({ ...problem, violated })
    return { statesMs, violations, violated, requests, unresolved }
  }
  const { rounds, warmUps } = roundsFor(substations)
  const { ms, result } = await medianOf(rounds, warmUps, async () => {
    const all: Awaited<ReturnType<typeof substation>>[] = []
    for (let n = 0; n < substations; n++) all.push(await substation(n, threads))
    return all
  })
  const unshared = substations === 1 ? await medianOf(rounds, warmUps, () => substation(0, alone)) : undefined
  const sum = (of: (one: (typeof result)[number]) => number): number => result.reduce((all, one) => all + of(one), 0)
  if (result.some(({ requests }) => requests.length === 0)) throw new Error('flow 2: a day without a request')
  return {
    ...(unshared && { aloneMs: unshared.ms }),
    ...{ pods, substations, ms, statesMs: sum(one => one.statesMs) },
    violatedSlots: sum(({ violated }) => violated.size),
    violations: sum(one => one.violations.reduce((all, found) => all + (found?.length ?? 0), 0)),
    requests: sum(({ requests }) => requests.length),
    unresolved: sum(one => one.unresolved)
  }
}

const problemOf = (pods: number, peak: number): Omit<PlanProblem, 'violated'> => {
  const { network, units } = districtOf(pods)
  const { compiled } = compileNetwork(network)
  if (compiled === undefined) throw new Error('flow 2: the network is wrong')
  const places = placesOf(network, compiled.topology)
  const slots = dayOf(network, peak)
  return {
    ...{ compiled, slots, limits: limitsOf(compiled), pom: 'district', minimumBid: MINIMUM_BID },
    bands: slots.map(() => undefined),
    units: units.map((unit): PlacedUnit => {
      const { feeder, secondarySubstation } = places[compiled.topology.busIndex.get(unit.bus)!]!
      return {
        ...unit,
        prices: { upP: 1, downP: 1, upQ: 1, downQ: 1 },
        feeder: feeder ?? null,
        secondarySubstation: secondarySubstation ?? null,
        services: ['congestion', 'voltage']
      }
    })
  }
}

export const requestTable = ({ rows, slope }: Requests): string =>
  [
    'flexibility requests from forecast powers on a congested day (flow 2), 96 slots',
    table(
      [
        'points of delivery',
        'substations',
        'ms',
        'without threads',
        'of it power flows',
        'slots broken',
        'violations',
        'requests',
        'left'
      ],
      rows.map(({ pods, substations, ms, aloneMs, statesMs, violatedSlots, violations, requests, unresolved }) => [
        pods,
        substations,
        ms.toFixed(0),
        aloneMs?.toFixed(0) ?? '–',
        statesMs.toFixed(0),
        violatedSlots,
        violations,
        requests,
        unresolved
      ])
    ),
    `growth with the points of delivery: slope ${slope.toFixed(2)}`
  ].join('\n')
