/**
 * What the histories are about: two processors with a feed between them, and rules that tell on themselves. Each event
 * says on which state it was decided, and how many there are is a matter of chance that differs from owner to owner, so a
 * mixture of two owners' decisions cannot go unnoticed.
 *
 *   registry: CeasePod -> 1 to 4 PodCeased   --feed-->   market: ForgetPod -> 1 to 4 PodForgotten
 */
import { createHash } from 'node:crypto'
import type { FeedRule } from '../../processors/runtime/feed.ts'
import type { Processor } from '../../processors/runtime/processor.ts'
import type { Message } from '../../schemas/generated.ts'
import type { Random } from './random.ts'

export const partitions = { registry: 1, market: 2 } as const
export type ProcessorName = keyof typeof partitions

export const salt = () => 'AAAAAAAAAAAAAAAAAAAAAA=='

export interface ChainState {
  /** Digest of every event so far. */
  digest: string
}

/** The payload stands in the `pod` field of the messages. */
export interface Decided {
  /** The pod of the command. */
  readonly asked: string
  /** Digest of the state on which it was decided. */
  readonly before: string
  readonly nonce: number
}

type Ask<Type extends Message['type']> = Extract<Message, { type: Type }>

export const payload = ({ asked, before, nonce }: Decided): string => `${asked}|${before}|${nonce}`

export const parsePayload = (pod: string): Decided => {
  const [asked = '', before = '', nonce = ''] = pod.split('|')
  return { asked, before, nonce: Number(nonce) }
}

export const digestAfter = (digest: string, pod: string): string =>
  createHash('sha256').update(digest).update(pod).digest('hex').slice(0, 12)

const by = { role: 'system', id: 'simulation' } as const

const evolve = (state: ChainState, { pod }: { readonly pod: string }): ChainState => {
  state.digest = digestAfter(state.digest, pod)
  return state
}

const decided = (asked: string, { digest }: ChainState, random: Random): readonly string[] =>
  Array.from({ length: 1 + random.below(4) }, () =>
    payload({ asked, before: digest, nonce: random.below(1_000_000_000) })
  )

export const registryProcessor = (random: Random): Processor<Ask<'CeasePod'>, Ask<'PodCeased'>, ChainState> => ({
  name: 'registry',
  stateVersion: '1',
  initial: () => ({ digest: '' }),
  evolve,
  decide: ({ pod }, state, { now }) =>
    decided(pod, state, random).map(pod => ({ type: 'PodCeased', pod, by, place: null, ceasedAt: now }))
})

/** Some of its decisions are made elsewhere: the state is the one before them all the same. */
export const marketProcessor = (random: Random): Processor<Ask<'ForgetPod'>, Ask<'PodForgotten'>, ChainState> => ({
  name: 'market',
  stateVersion: '1',
  initial: () => ({ digest: '' }),
  evolve,
  decide: ({ pod, pom }, state) => {
    const events = () =>
      decided(pod, state, random).map((pod): Ask<'PodForgotten'> => ({ type: 'PodForgotten', pom, pod }))
    return pod.length % 2 === 0 ? Promise.resolve().then(events) : events()
  }
})

export const ceasePod = (pod: string): Message => ({ type: 'CeasePod', pod, by })
export const forgetPod = (pod: string): Message => ({ type: 'ForgetPod', pom: 'PoM-1', pod })

/** One event in three gives two commands, one in three none. */
export const feedRule: FeedRule = event => {
  if (event.type !== 'PodCeased') return []
  const { nonce } = parsePayload(event.pod)
  return Array.from({ length: nonce % 3 }, (_, n) => ({
    command: forgetPod(`fed ${nonce} ${n}`),
    key: `PoM-${(nonce + n) % 7}`
  }))
}
