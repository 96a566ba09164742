/**
 * The market processor: the only caller of the market's rules. The solver is loaded once before the first decision; from then
 * on every decision is synchronous and depends on the log alone.
 */

import { clearSession } from '../../domain/market/sessions/clear-session.ts'
import { evolve, initial, marketDecide } from '../../domain/market/sessions/market.ts'
import type { Market } from '../../domain/market/sessions/state.ts'
import { loadSolver } from '../../domain/optimisation/solver.ts'
import type { MarketCommand, MarketEvent } from '../../schemas/generated.ts'
import type { Processor } from '../runtime/processor.ts'

export const loadMarketProcessor = async (): Promise<Processor<MarketCommand, MarketEvent, Market>> => ({
  name: 'market',
  stateVersion: 'market-2',
  initial,
  decide: marketDecide(clearSession(await loadSolver())),
  evolve
})
