/**
 * The grid calculation in threads of their own: a day of a large network takes them all for a fifth of a second, and in a bad
 * case for half a minute, in which nobody else is kept waiting. Quarter-hours are shared out among the threads (shares.ts).
 *
 * Promises the answers of `gridCalculation` to the last bit, whatever the number of threads: each quarter-hour is calculated by
 * the same functions and depends on no other, and what depends on several (requests, help, blocks) is made in one place.
 */
import { availableParallelism } from 'node:os'
import type { CompiledNetwork } from '../../domain/grid/compile-network.ts'
import { packUnits } from '../../domain/grid/flexibility-request/packed-units.ts'
import { type PackedSlots, packSlots } from '../../domain/grid/packed-slots.ts'
import { unpackViolations } from '../../domain/grid/packed-violations.ts'
import type { SlotPowers } from '../../domain/grid/power-flow.ts'
import { isBlockCut, type JudgedAlone, outcomeAlone } from '../../domain/grid/technical-validation/judged-alone.ts'
import {
  packJudgements,
  unpackJudgements,
  unpackOutcomes
} from '../../domain/grid/technical-validation/packed-judgements.ts'
import { packServices } from '../../domain/grid/technical-validation/packed-services.ts'
import { placeServices } from '../../domain/grid/technical-validation/placed-services.ts'
import type { TechnicalValidation } from '../../domain/grid/technical-validation/service.ts'
import type { ValidationCase } from '../../domain/grid/technical-validation/validation-case.ts'
import { validationOf } from '../../domain/grid/technical-validation/validation-of.ts'
import type { CalculatedSlots, Plan, PlanProblem, SlotsProblem } from '../../domain/grid-operation/calculation.ts'
import { brokenSlots, plannedSlots, planOf } from '../../domain/grid-operation/grid-calculation.ts'
import { type CalculatedSlot, calculatedSlots } from '../../domain/grid-operation/grid-states.ts'
import { packPlans, unpackPlans } from '../../domain/grid-operation/packed-plans.ts'
import { BrokenInvariant, isBrokenInvariant } from '../../infra/host/broken-invariant.ts'
import { ThreadEnded } from '../runtime/answering-thread.ts'
import type { Answers, Questions } from './calculation-messages.ts'
import { shareOf, stop } from './shares.ts'
import { type ThreadPool, threadPool } from './thread-pool.ts'

/**
 * Each answer rejects with BrokenInvariant where the calculation threw; with any other error where a thread ended, and then
 * another attempt may succeed.
 */
export interface CalculationThreads {
  states(problem: SlotsProblem): Promise<CalculatedSlots>
  plan(problem: PlanProblem): Promise<Plan>
  validate(problem: ValidationCase): Promise<TechnicalValidation>
  close(): Promise<void>
}

/** Each has some 60 MB of its own, and what cannot be shared out is then as long as what can. */
export const THREADS_MAX = 4
/** Some 2 MB each for 1,500 customers; a thread that serves more primary substations is told again, in some milliseconds. */
export const NETWORKS_MAX = 8

/** Nodes to solve, in all, for which another thread is worth asking: some milliseconds. */
export const SHARE_LEAST = 20_000
/** Power flows that a slot takes, roughly. */
const FLOWS = { states: 1, plan: 20, judge: 5 }

export interface ThreadOptions {
  readonly threads?: number
  readonly shareLeast?: number
  readonly networksMax?: number
  readonly script?: URL
}

export const calculationThreads = ({
  threads = Math.min(THREADS_MAX, availableParallelism()),
  shareLeast = SHARE_LEAST,
  networksMax = NETWORKS_MAX,
  script = new URL('calculation-thread.ts', import.meta.url)
}: ThreadOptions = {}): CalculationThreads => {
  const pool = threadPool({ threads, networksMax, script })
  /** Every thread that has enough to do works on the slots. */
  const askAll: AskAll = async (kind, compiled, question) => {
    const { length } = question.share.slots
    const nodes = FLOWS[kind] * length * compiled.equations.rows
    const most = Math.max(1, Math.min(length, Math.floor(nodes / shareLeast)))
    try {
      return await pool.askSome(most, kind, compiled, question)
    } catch (error) {
      // Where one of them fails the others need not go on.
      stop(question.share)
      throw error
    }
  }
  const asking: Asking = { askAll, askOne: pool.askOne }
  const packed = new WeakMap<readonly SlotPowers[], PackedSlots>()
  /** Of one decision the slots are asked about more than once. */
  const packedSlots = (slots: readonly SlotPowers[]): PackedSlots => {
    const known = packed.get(slots) ?? packSlots(slots)
    packed.set(slots, known)
    return known
  }
  return {
    states: problem => unlessBroken(() => statesBy(asking, problem, packedSlots(problem.slots))),
    plan: problem => unlessBroken(() => planBy(asking, problem, packedSlots(problem.slots))),
    validate: problem => unlessBroken(() => validationBy(asking, problem, packedSlots(problem.slots))),
    close: () => pool.close()
  }
}

type SharedKind = 'states' | 'plan' | 'judge'

type AskAll = <Kind extends SharedKind>(
  kind: Kind,
  compiled: CompiledNetwork,
  question: Questions[Kind]
) => Promise<readonly Answers[Kind][]>

interface Asking extends Pick<ThreadPool, 'askOne'> {
  readonly askAll: AskAll
}

const statesBy = async (
  { askAll }: Asking,
  { compiled, limits, slots: { length }, start }: SlotsProblem,
  slots: PackedSlots
): Promise<CalculatedSlots> => {
  const share = shareOf(Array.from({ length }, (_, slot) => slot))
  const answers = await askAll('states', compiled, { limits, slots, start, share })
  const found = new Map<number, CalculatedSlot>()
  for (const answer of answers) {
    const violations = unpackViolations(answer.violations, compiled)
    answer.slots.forEach((slot, n) => {
      const summary = answer.summaries[n]!
      const divergence = answer.divergences[n]
      found.set(slot, divergence ? { summary, divergence } : { summary, violations: violations[n] ?? [] })
    })
  }
  return calculatedSlots(inOrder(found, length))
}

const planBy = async ({ askAll, askOne }: Asking, problem: PlanProblem, slots: PackedSlots): Promise<Plan> => {
  const { compiled, limits, pom, minimumBid } = problem
  const broken = brokenSlots(problem)
  const units = packUnits(problem.units, problem.bands, broken)
  const asked = { limits, slots, units, pom, minimumBid }
  const share = shareOf(broken)
  const answers = await askAll('plan', compiled, { ...asked, share })
  const found = new Map(answers.flatMap(answer => [...unpackPlans(answer, problem)]))
  const planned = packPlans(new Map(broken.map(slot => [slot, found.get(slot)!])), problem)
  const [requests, help] = await Promise.all([
    askOne('requests', compiled, { ...asked, planned }),
    askOne('help', compiled, { ...asked, planned })
  ])
  return planOf(plannedSlots(problem, found), requests, help)
}

const validationBy = async (
  { askAll, askOne }: Asking,
  problem: ValidationCase,
  slots: PackedSlots
): Promise<TechnicalValidation> => {
  const { compiled, limits, services, cutting, tolerance } = problem
  const asked: Omit<Questions['judge'], 'share'> = {
    ...{ limits, slots, services: packServices(services, problem.busOfPod) },
    ...(cutting && { cutting }),
    ...(tolerance && { tolerance })
  }
  const share = shareOf(Array.from(problem.slots, (_, slot) => slot))
  const answering = askAll('judge', compiled, { ...asked, share })
  // While the threads have work to do. What throws here does so there as well.
  const placing = (async () => placeServices(problem))()
  const [placed, answers] = await Promise.all([placing, answering])
  const found = new Map(answers.flatMap(answer => [...unpackJudgements(answer, compiled)]))
  const alone = inOrder(found, problem.slots.length)
  const joined = isBlockCut(services, placed.placed, alone)
    ? unpackOutcomes(await askOne('join', compiled, { ...asked, judged: packJudgements(withoutAll(alone)) }), compiled)
    : undefined
  const outcomes = alone.map((one, slot) => {
    const again = joined?.get(slot)
    if (again === undefined) return outcomeAlone(placed.placed[slot]!, one)
    const { withAll } = one.grid
    return withAll ? { ...again, grid: { ...again.grid, withAll } } : again
  })
  return validationOf(services, placed, outcomes)
}

/** What all services together would break says nothing to those that join blocks. */
const withoutAll = (alone: readonly JudgedAlone[]): ReadonlyMap<number, JudgedAlone> =>
  new Map(
    alone.map(({ judgement, grid: { withAll: _, ...grid } }, slot): [number, JudgedAlone] => [
      slot,
      { judgement, grid }
    ])
  )

const inOrder = <One>(found: ReadonlyMap<number, One>, slots: number): readonly One[] =>
  Array.from({ length: slots }, (_, slot) => {
    const one = found.get(slot)
    if (one === undefined) throw new Error(`slot ${slot} was calculated by no thread`)
    return one
  })

/** Whatever throws gives the same again, unless it is a thread that ended. */
const unlessBroken = async <Answer>(calculate: () => Promise<Answer>): Promise<Answer> => {
  try {
    return await calculate()
  } catch (error) {
    if (error instanceof ThreadEnded || isBrokenInvariant(error)) throw error
    throw new BrokenInvariant('the grid calculation failed', { cause: error })
  }
}
