import t from 'tap'
import {
  dayAhead,
  importing,
  of,
  pod,
  pom,
  realTime,
  switching
} from '../../domain/grid-operation/grid-operation.fixtures.ts'
import type { GridOperation } from '../../domain/grid-operation/state.ts'
import type { GridCommand, GridEvent } from '../../schemas/generated.ts'
import { packState, unpackState } from '../runtime/packed-state.ts'
import { gridOperatorProcessor } from './grid-operator.ts'

const processor = gridOperatorProcessor()

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
