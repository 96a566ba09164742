/**
 * A thread of calculation-threads.ts: answers each question for the slots that it gets, with the same functions that calculate
 * without threads. It keeps the networks that it was asked about; the asker says which.
 */
import { parentPort } from 'node:worker_threads'
import type { CompiledNetwork } from '../../domain/grid/compile-network.ts'
import { unpackUnits } from '../../domain/grid/flexibility-request/packed-units.ts'
import { substationRequests } from '../../domain/grid/flexibility-request/substation-requests.ts'
import { unpackSlots } from '../../domain/grid/packed-slots.ts'
import { packViolations } from '../../domain/grid/packed-violations.ts'
import { joinedSlots, judgedAlone } from '../../domain/grid/technical-validation/judged-alone.ts'
import {
  packJudgements,
  packOutcomes,
  unpackJudgements
} from '../../domain/grid/technical-validation/packed-judgements.ts'
import { unpackServices } from '../../domain/grid/technical-validation/packed-services.ts'
import { placeServices } from '../../domain/grid/technical-validation/placed-services.ts'
import { slotOpener } from '../../domain/grid/technical-validation/slot-opener.ts'
import type { ValidationCase } from '../../domain/grid/technical-validation/validation-case.ts'
import { helpOf, plannedSlots, planShare } from '../../domain/grid-operation/grid-calculation.ts'
import { stateShare } from '../../domain/grid-operation/grid-states.ts'
import { packPlans, unpackPlans } from '../../domain/grid-operation/packed-plans.ts'
import { loadSolver } from '../../domain/optimisation/solver.ts'
import { buffersIn, threadAnswer } from '../runtime/answering-thread.ts'
import type { Answers, Asked, Questions } from './calculation-messages.ts'
import { takenFrom } from './shares.ts'

const port = parentPort
if (!port) throw new Error('calculation-thread.ts is not a program: calculation-threads.ts starts it as a thread')
const solver = await loadSolver()
const networks = new Map<number, CompiledNetwork>()

/**
 * The functions of the last answer of each kind: what the compiler has made of them would be thrown away with them, and the
 * next answer would have to wait until it is made again.
 */
const kept = new Map<keyof Questions, unknown>()

type Answerers = {
  readonly [Kind in keyof Questions]: (question: Questions[Kind], compiled: CompiledNetwork) => Answers[Kind]
}

const answerers: Answerers = {
  states({ limits, slots, start, share }, compiled) {
    const calculate = stateShare({ compiled, limits, start, slots: unpackSlots(slots) })
    const found = takenFrom(share, calculate)
    kept.set('states', calculate)
    const all = [...found.values()]
    return {
      slots: [...found.keys()],
      summaries: all.map(({ summary }) => summary),
      divergences: all.map(one => ('divergence' in one ? one.divergence : undefined)),
      violations: packViolations(all.map(one => ('violations' in one ? one.violations : undefined)))
    }
  },
  plan(question, compiled) {
    const problem = planned(question, compiled)
    const plan = planShare(problem, solver)
    kept.set('plan', plan)
    return packPlans(takenFrom(question.share, plan), problem)
  },
  requests(question, compiled) {
    const problem = planned(question, compiled)
    return substationRequests(problem, plannedSlots(problem, unpackPlans(question.planned, problem)))
  },
  help(question, compiled) {
    const problem = planned(question, compiled)
    return helpOf(problem, plannedSlots(problem, unpackPlans(question.planned, problem)))
  },
  judge(question, compiled) {
    const problem = judged(question, compiled)
    const open = slotOpener(problem, placeServices(problem))
    return packJudgements(
      takenFrom(question.share, slot => {
        const one = open(slot)
        kept.set('judge', [open, one])
        return judgedAlone(one)
      })
    )
  },
  join(question, compiled) {
    const known = unpackJudgements(question.judged, compiled)
    const problem = judged(question, compiled)
    return packOutcomes(
      joinedSlots(
        problem,
        problem.slots.map((_, slot) => known.get(slot)!)
      )
    )
  }
}

const planned = (
  { limits, slots, units, pom, minimumBid }: Questions['requests' | 'help' | 'plan'],
  compiled: CompiledNetwork
) => ({ compiled, limits, slots: unpackSlots(slots), ...unpackUnits(units), pom, minimumBid })

const judged = (
  { limits, slots, services, cutting, tolerance }: Questions['judge' | 'join'],
  compiled: CompiledNetwork
): ValidationCase => ({
  ...{ compiled, limits, slots: unpackSlots(slots), ...unpackServices(services) },
  ...(cutting && { cutting }),
  ...(tolerance && { tolerance })
})

const answerTo = <Kind extends keyof Questions>({ kind, question, network }: Asked<Kind>): Answers[Kind] => {
  const compiled = networks.get(network)
  if (!compiled) throw new Error(`network ${network} was never told`)
  return answerers[kind](question, compiled)
}

port.on('message', (asked: Asked) => {
  if (asked.forget !== undefined) networks.delete(asked.forget)
  if (asked.learn) networks.set(asked.network, asked.learn)
  const answer = threadAnswer(asked.id, () => answerTo(asked))
  port.postMessage(answer, buffersIn(answer))
})
