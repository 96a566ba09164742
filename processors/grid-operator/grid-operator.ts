/**
 * The grid operator's processor, on the topics `flex.grid`: the only caller of its rules. The solver is loaded once before
 * the first decision; from then on every decision is synchronous and depends on the log alone.
 */
import { gridCalculation } from '../../domain/grid-operation/grid-calculation.ts'
import { evolve, gridDecide, initial } from '../../domain/grid-operation/grid-operator.ts'
import type { GridOperation } from '../../domain/grid-operation/state.ts'
import { loadSolver } from '../../domain/optimisation/solver.ts'
import type { GridCommand, GridEvent } from '../../schemas/generated.ts'
import type { Processor } from '../runtime/processor.ts'

export const loadGridOperator = async (): Promise<Processor<GridCommand, GridEvent, GridOperation>> => ({
  name: 'grid',
  stateVersion: 'grid-2',
  initial,
  decide: gridDecide(gridCalculation(await loadSolver())),
  evolve
})
