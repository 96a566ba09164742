/**
 * The grid operator's processor, on the topics `flex.grid`: the only caller of its rules. A decision depends on the log alone;
 * what has to be calculated for it is calculated in threads (calculation-threads.ts), all else is decided at once.
 */
import { type Decision, isUndecided, type Undecided } from '../../domain/grid-operation/calculation.ts'
import { evolve, gridDecision, initial } from '../../domain/grid-operation/grid-operator.ts'
import type { GridOperation } from '../../domain/grid-operation/state.ts'
import { mustHold } from '../../infra/host/broken-invariant.ts'
import type { GridCommand, GridEvent } from '../../schemas/generated.ts'
import type { Processor } from '../runtime/processor.ts'
import { type CalculationThreads, calculationThreads } from './calculation-threads.ts'

export const gridOperatorProcessor = (
  calculation: CalculationThreads = calculationThreads()
): Processor<GridCommand, GridEvent, GridOperation> => ({
  name: 'grid',
  stateVersion: 'grid-2',
  initial,
  decide(command, state, context) {
    const decision = gridDecision(command, state, context)
    return isUndecided(decision) ? decidedLater(decision, calculation) : decision
  },
  evolve,
  close: () => calculation.close()
})

const decidedLater = async (first: Undecided, calculation: CalculationThreads): Promise<readonly GridEvent[]> => {
  let now: Decision = first
  while (isUndecided(now)) now = await decidedOnce(now, calculation)
  return now
}

const decidedOnce = async (one: Undecided, calculation: CalculationThreads): Promise<Decision> => {
  switch (one.asks) {
    case 'states': {
      const answer = await calculation.states(one.problem)
      return mustHold('the states of the grid do not fit what was asked', () => one.decide(answer))
    }
    case 'plan': {
      const answer = await calculation.plan(one.problem)
      return mustHold('the plan does not fit what was asked', () => one.decide(answer))
    }
    case 'validate': {
      const answer = await calculation.validate(one.problem)
      return mustHold('the validation does not fit what was asked', () => one.decide(answer))
    }
  }
}
