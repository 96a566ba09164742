/** All feeds of the built-in grid operator: what it is told, and what it tells. */
import type { RequestMode } from '../../schemas/generated.ts'
import type { FeedOptions, FeedRule } from '../runtime/feed.ts'
import { gridToGrid, gridToGridTypes } from './grid-to-grid.ts'
import { gridToMarket, gridToMarketTypes } from './grid-to-market.ts'
import { gridToRegistry, gridToRegistryTypes } from './grid-to-registry.ts'
import { marketToGrid, marketToGridTypes } from './market-to-grid.ts'
import { registryToGrid, registryToGridTypes } from './registry-to-grid.ts'

export type Feed = Pick<FeedOptions, 'name' | 'from' | 'to' | 'rule' | 'types'>

export const gridFeeds = (requests: RequestMode): readonly (Feed & { readonly rule: FeedRule })[] => [
  {
    name: 'feed/registry-to-grid',
    from: 'flex.registry.events',
    to: 'flex.grid.commands',
    rule: registryToGrid,
    types: registryToGridTypes
  },
  {
    name: 'feed/market-to-grid',
    from: 'flex.market.events',
    to: 'flex.grid.commands',
    rule: marketToGrid(requests),
    types: marketToGridTypes
  },
  {
    name: 'feed/grid-to-grid',
    from: 'flex.grid.events',
    to: 'flex.grid.commands',
    rule: gridToGrid,
    types: gridToGridTypes
  },
  {
    name: 'feed/grid-to-registry',
    from: 'flex.grid.events',
    to: 'flex.registry.commands',
    rule: gridToRegistry,
    types: gridToRegistryTypes
  },
  {
    name: 'feed/grid-to-market',
    from: 'flex.grid.events',
    to: 'flex.market.commands',
    rule: gridToMarket,
    types: gridToMarketTypes
  }
]
