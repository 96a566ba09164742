/**
 * Every topic of the log: key, partitions, retention, who writes, who reads. Partition counts are permanent, so they are
 * chosen with the whole of Rome in mind: some 70 primary substations and 1.6 million points of delivery.
 */

export interface TopicDefinition {
  readonly name: string
  /** What the record key is; records of one key keep their order. */
  readonly key: string
  readonly partitions: number
  /** 'forever': history is replayed from offset 0. */
  readonly retention: 'forever'
  /** The only component that may append. Inboxes (`.commands`) have several writers. */
  readonly writers: readonly string[]
  readonly readers: readonly string[]
  readonly kind: 'inbox' | 'outbox' | 'actor' | 'parked'
}

const REGISTRY_PARTITIONS = 12
const GRID_PARTITIONS = 12
const MARKET_PARTITIONS = 12

export const topics = {
  'flex.registry.commands': {
    name: 'flex.registry.commands',
    key: 'PoD',
    partitions: REGISTRY_PARTITIONS,
    retention: 'forever',
    kind: 'inbox',
    writers: ['gateway', 'processors/feeds'],
    readers: ['processors/registry']
  },
  'flex.registry.events': {
    name: 'flex.registry.events',
    key: 'PoD',
    partitions: REGISTRY_PARTITIONS,
    retention: 'forever',
    kind: 'outbox',
    writers: ['processors/registry'],
    readers: ['processors/feeds', 'processors/clock', 'projections', 'gateway']
  },
  'flex.grid.commands': {
    name: 'flex.grid.commands',
    key: 'PoM; for the directory of PoDs the PoD',
    partitions: GRID_PARTITIONS,
    retention: 'forever',
    kind: 'inbox',
    writers: ['gateway', 'processors/feeds'],
    readers: ['processors/grid-operator']
  },
  'flex.grid.events': {
    name: 'flex.grid.events',
    key: 'PoM; for the directory of PoDs the PoD',
    partitions: GRID_PARTITIONS,
    retention: 'forever',
    kind: 'outbox',
    writers: ['processors/grid-operator'],
    readers: ['processors/feeds', 'projections', 'gateway']
  },
  'flex.market.commands': {
    name: 'flex.market.commands',
    key: 'PoM',
    partitions: MARKET_PARTITIONS,
    retention: 'forever',
    kind: 'inbox',
    writers: ['gateway', 'processors/clock', 'processors/feeds'],
    readers: ['processors/market']
  },
  'flex.market.events': {
    name: 'flex.market.events',
    key: 'PoM',
    partitions: MARKET_PARTITIONS,
    retention: 'forever',
    kind: 'outbox',
    writers: ['processors/market'],
    readers: ['processors/actor-topics', 'processors/clock', 'processors/feeds', 'projections', 'gateway']
  },
  'flex.grid.parked': {
    name: 'flex.grid.parked',
    key: 'source position',
    partitions: 1,
    retention: 'forever',
    kind: 'parked',
    writers: ['processors/grid-operator'],
    readers: ['operators']
  },
  'flex.registry.parked': {
    name: 'flex.registry.parked',
    key: 'source position',
    partitions: 1,
    retention: 'forever',
    kind: 'parked',
    writers: ['processors/registry'],
    readers: ['operators']
  },
  'flex.market.parked': {
    name: 'flex.market.parked',
    key: 'source position',
    partitions: 1,
    retention: 'forever',
    kind: 'parked',
    writers: ['processors/market'],
    readers: ['operators']
  }
} as const satisfies Record<string, TopicDefinition>

export type TopicName = keyof typeof topics

/** Whether an aggregator of this name would have the topic of an operator. */
export const isOperatorName = (id: string): boolean => id === 'DSO' || id === 'TSO'

/** One topic per actor with the final outcomes that it may see (MP-KAF-01); partitioned like the market's outbox. */
export const actorTopic = (actor: { role: 'dso' | 'tso' } | { role: 'aggregator'; id: string }): TopicDefinition => ({
  name: actor.role === 'aggregator' ? `validated_outcome_${actor.id}` : `validated_outcome_${actor.role.toUpperCase()}`,
  key: 'PoM',
  partitions: MARKET_PARTITIONS,
  retention: 'forever',
  kind: 'actor',
  writers: ['processors/actor-topics'],
  readers: ['the named actor alone']
})

/** A broker may hold topics of other systems; these are Flexledger's. */
export const isOwnTopic = (name: string): boolean =>
  name.startsWith('flex.') || /^(validated_outcome|settlement|measurements)_/.test(name)
