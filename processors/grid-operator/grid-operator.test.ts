import t from 'tap'
import { gridCalculation } from '../../domain/grid-operation/grid-calculation.ts'
import {
  at,
  dayAhead,
  importing,
  of,
  pod,
  pom,
  realTime,
  switching
} from '../../domain/grid-operation/grid-operation.fixtures.ts'
import { gridDecide } from '../../domain/grid-operation/grid-operator.ts'
import type { GridOperation } from '../../domain/grid-operation/state.ts'
import { loadSolver } from '../../domain/optimisation/solver.ts'
import { BrokenInvariant } from '../../infra/host/broken-invariant.ts'
import type { GridCommand, GridEvent, NoteValidatedService } from '../../schemas/generated.ts'
import { packState, unpackState } from '../runtime/packed-state.ts'
import { calculationThreads } from './calculation-threads.ts'
import { gridOperatorProcessor } from './grid-operator.ts'

const processor = gridOperatorProcessor()
t.teardown(() => processor.close?.())
const decideHere = gridDecide(gridCalculation(await loadSolver()))

const fold = async (
  state: GridOperation,
  command: GridCommand
): Promise<readonly [GridOperation, readonly GridEvent[]]> => {
  const events = await processor.decide(command, state, { now: 1 })
  return [events.reduce((now, event) => processor.evolve(now, event, { now: 1 }), state), events]
}

t.test('from a snapshot the grid operator decides what it would have decided without one', async t => {
  const before: readonly GridCommand[] = [...importing(), pod('POD-1'), pod('POD-2'), dayAhead]
  let state = processor.initial()
  for (const command of before) state = (await fold(state, command))[0]
  const bytes = structuredClone(packState(state))
  const unpacked = unpackState(bytes)
  t.strictSame(unpacked, state)
  for (const command of [switching(true, ['S-2', false], ['S-TIE', true]), realTime])
    t.strictSame(
      (await fold(unpackState(structuredClone(bytes)) as GridOperation, command))[1],
      (await fold(unpackState(bytes) as GridOperation, command))[1],
      command.type
    )
  const [, events] = await fold(unpacked as GridOperation, realTime)
  t.match(of(events, 'GridAssessed'), [{ pom, networkVersion: 1 }])
})

const { sessionId } = dayAhead
const session = { pom, sessionId }
const service: Omit<NoteValidatedService, 'type'> = {
  ...{
    ...session,
    aggregatorId: 'ACEAE',
    unit: { id: 'POD-1', pods: ['POD-1'] },
    quantity: 'P',
    direction: 'DOWN',
    rank: 1
  },
  ...{ offerId: 'OFFER-1', profile: [{ start: at(12), mtus: 40, quantity: 9_000 }] }
}

t.test('a day that threads calculate is decided as one that is calculated here, and all else at once', async t => {
  const day: readonly GridCommand[] = [
    ...[...importing(), pod('POD-1'), pod('POD-2'), dayAhead],
    { type: 'NoteIndivisibleOffer', ...session, offerId: 'OFFER-1', isBlock: true, minAcceptance: 0 },
    { type: 'NoteClearedService', ...service, marketOutcomeId: 'MO', carriedFrom: null },
    { type: 'ValidateServices', ...session, marketOutcomeId: 'MO', services: 1 },
    { type: 'NoteValidatedService', ...service },
    { type: 'NoteFinalOutcome', ...session, status: 'validated' },
    realTime
  ]
  const calculated = new Set(['AssessSession', 'ValidateServices', 'NoteFinalOutcome'])
  let state = processor.initial()
  const all: GridEvent[] = []
  for (const command of day) {
    const deciding = processor.decide(command, state, { now: 1 })
    t.equal(deciding instanceof Promise, calculated.has(command.type), command.type)
    const events = await deciding
    t.strictSame(events, decideHere(command, state, { now: 1 }), command.type)
    for (const event of events) state = processor.evolve(state, event, { now: 1 })
    all.push(...events)
  }
  t.ok(of(all, 'FlexibilityRequested').length > 0 && of(all, 'AlarmRaised').length > 0)
  t.match(of(all, 'ServiceVerdictGiven'), [{ offerId: 'OFFER-1' }])
})

t.test('where a calculation does not succeed nothing is decided, and the next attempt decides', async t => {
  const threads = calculationThreads()
  let isLost = true
  const faulty = gridOperatorProcessor({
    ...threads,
    plan(problem) {
      if (!isLost) return threads.plan(problem)
      isLost = false
      return Promise.reject(new Error('the thread ended'))
    }
  })
  t.teardown(() => faulty.close?.())
  let state = processor.initial()
  for (const command of [...importing(), pod('POD-1'), pod('POD-2')]) state = (await fold(state, command))[0]
  const attempt = async () => faulty.decide(dayAhead, state, { now: 1 })
  const failure: unknown = await attempt().catch(error => error)
  t.match(failure, { message: 'the thread ended' })
  t.notOk(failure instanceof BrokenInvariant)
  t.strictSame(await attempt(), decideHere(dayAhead, state, { now: 1 }))
})
