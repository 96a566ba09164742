/**
 * The market processor: the only caller of the market's rules. A decision depends on the log alone; a book is cleared in a thread
 * of its own (clearing.ts), all else is decided at once.
 */

import { bookToClear, evolve, initial, marketDecide } from '../../domain/market/sessions/market.ts'
import type { Market } from '../../domain/market/sessions/state.ts'
import type { MarketCommand, MarketEvent } from '../../schemas/generated.ts'
import type { Processor } from '../runtime/processor.ts'
import { type Clearing, clearingThread } from './clearing.ts'

export const marketProcessor = (
  clearing: Clearing = clearingThread()
): Processor<MarketCommand, MarketEvent, Market> => ({
  name: 'market',
  stateVersion: 'market-2',
  initial,
  decide: (command, state, context) => {
    const asked = bookToClear(command, state)
    if (!asked) return decideWithoutClearing(command, state, context)
    return clearing.clear(asked.book, asked.rules).then(outcome => marketDecide(() => outcome)(command, state, context))
  },
  evolve,
  close: () => clearing.close()
})

const decideWithoutClearing = marketDecide(() => {
  throw new Error('a book is cleared that bookToClear did not give')
})
