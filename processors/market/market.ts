/**
 * The market processor: the only caller of the market's rules. A decision depends on the log alone; a book is cleared in a thread
 * of its own (clearing.ts), to which it is handed over while nothing comes (books-ahead.ts); all else is decided at once.
 */

import { bookToClear, evolve, initial, marketDecide } from '../../domain/market/sessions/market.ts'
import type { Market } from '../../domain/market/sessions/state.ts'
import { BrokenInvariant } from '../../infra/host/broken-invariant.ts'
import type { WrittenLists } from '../../schemas/allocation-lists.ts'
import { encodeAhead } from '../../schemas/codec.ts'
import type { MarketCommand, MarketEvent } from '../../schemas/generated.ts'
import { noteWrittenList } from '../../schemas/written-lists.ts'
import type { Processor } from '../runtime/processor.ts'
import { booksAhead } from './books-ahead.ts'
import { type Clearing, clearingThreads } from './clearing.ts'
import type { OutcomeLists } from './clearing-messages.ts'

export const marketProcessor = (
  clearing: Clearing = clearingThreads()
): Processor<MarketCommand, MarketEvent, Market> => {
  const ahead = booksAhead(clearing)
  return {
    name: 'market',
    stateVersion: 'market-2',
    initial,
    decide: (command, state, context) => {
      const asked = bookToClear(command, state)
      if (!asked) return decideWithoutClearing(command, state, context)
      ahead.cancel(command.pom)
      return clearing.clear(asked).then(async ({ outcome, lists, digest }) => {
        const events = marketDecide(() => ({ ...outcome, digest: NO_DIGEST }))(command, state, context)
        for (const event of events) if (isWithoutLists(event)) encodeAhead(event)
        noteWritten(events, await lists)
        for (const event of events) if (!isWithoutLists(event) && event.type !== 'MarketCleared') encodeAhead(event)
        return withDigest(events, await digest)
      })
    },
    evolve,
    handled: ahead.handled,
    close() {
      ahead.close()
      return clearing.close()
    }
  }
}

const decideWithoutClearing = marketDecide(() => {
  throw new Error('a book is cleared that bookToClear did not give')
})

/** Until it is known; meanwhile everything else is written. */
const NO_DIGEST = ''

const withDigest = (events: readonly MarketEvent[], digest: string): readonly MarketEvent[] =>
  events.map(event => (event.type === 'MarketCleared' ? { ...event, digest } : event))

const isWithoutLists = (event: MarketEvent): boolean => event.type === 'OfferCleared' && event.rank === 0

/** The long lists of the offers, which come first and in the order of the book, and of the requests after them. */
const noteWritten = (events: readonly MarketEvent[], { allocations, served, residual, prices }: OutcomeLists): void => {
  const offers = allocations.from.length - 1
  for (let o = 0; o < offers; o++) {
    const event = events[o]
    if (event?.type !== 'OfferCleared') throw new BrokenInvariant(`the record of offer ${o} is not where it should be`)
    if (event.rank > 0) noteWrittenList(event, 'allocations', listOf(allocations, o))
  }
  for (let r = 0; r + 1 < served.from.length; r++) {
    const event = events[offers + r]
    if (event?.type !== 'RequestCleared')
      throw new BrokenInvariant(`the record of request ${r} is not where it should be`)
    noteWrittenList(event, 'served', listOf(served, r))
    noteWrittenList(event, 'residual', listOf(residual, r))
    noteWrittenList(event, 'prices', listOf(prices, r))
  }
}

const listOf = ({ bytes, from }: WrittenLists, n: number): Uint8Array => bytes.subarray(from[n], from[n + 1])
