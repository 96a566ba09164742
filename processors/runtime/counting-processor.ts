/**
 * For the tests of the runtime: a processor on the market's topics whose state is the list of what it was asked. A command
 * for PoD `name*3` is answered by three events; `name!` makes `decide` throw, `name?` makes `evolve` throw.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cause, causeAssembler } from '../../infra/log/cause-reader.ts'
import { commandRecord, seededSalt } from '../../infra/log/envelope.ts'
import type { Log, StoredRecord, TopicSpec } from '../../infra/log/log.ts'
import { memoryLog } from '../../infra/log/memory-log.ts'
import { sqliteLog } from '../../infra/log/sqlite-log.ts'
import { decode, encode, fullNameOf } from '../../schemas/codec.ts'
import type { Message } from '../../schemas/generated.ts'
import type { Processor } from './processor.ts'

export interface Asked {
  readonly pods: string[]
}

type Ask = Extract<Message, { type: 'ForgetPod' }>
type Answer = Extract<Message, { type: 'PodForgotten' }>

export const countingProcessor: Processor<Ask, Answer, Asked> = {
  name: 'market',
  stateVersion: '1',
  initial: () => ({ pods: [] }),
  decide: ({ pom, pod }, { pods }) => {
    if (pod.endsWith('!')) throw new Error('no rule for this')
    const count = Number(pod.split('*')[1] ?? 1)
    return Array.from({ length: count }, (_, n) => ({
      type: 'PodForgotten',
      pom,
      pod: `${pod} ${n} after ${pods.length}`
    }))
  },
  evolve: (state, { pod }) => {
    if (pod.includes('?')) throw new Error('this cannot be')
    state.pods.push(pod)
    return state
  }
}

export const inbox = 'flex.market.commands'
export const outbox = 'flex.market.events'

export const marketTopics = (partitions = 1): readonly TopicSpec[] => [
  { name: inbox, partitions },
  { name: outbox, partitions },
  { name: 'flex.market.parked', partitions: 1 }
]

export const salt = seededSalt('test')

interface Asking {
  readonly key?: string
  readonly fedFrom?: string
  readonly time?: number
  readonly value?: Uint8Array
}

let ids = 0

export const ask = (pod: string, { key, fedFrom, time = 1_000, value }: Asking = {}) => {
  const id = `id ${ids++}`
  return commandRecord(
    {
      type: fullNameOf('ForgetPod'),
      writer: 'test',
      key: 'PoM-1',
      value: value ?? encode({ type: 'ForgetPod', pom: 'PoM-1', pod }),
      time,
      id,
      correlation: id,
      ...(key === undefined ? {} : { idempotencyKey: key }),
      ...(fedFrom === undefined ? {} : { fedFrom })
    },
    salt
  )
}

export const recordsOf = async (log: Log, topic: string, partition = 0): Promise<readonly StoredRecord[]> => {
  const records: StoredRecord[] = []
  for await (const batch of log.read(topic, partition, 0)) records.push(...batch)
  return records
}

export const causesOf = async (log: Log, topic = outbox, partition = 0): Promise<readonly Cause[]> => {
  const reader = causeAssembler()
  return (await recordsOf(log, topic, partition)).flatMap(record => reader.push(record) ?? [])
}

/** The answers as text: the PoDs of the events of each cause, or the type of what else was said. */
export const answersOf = async (log: Log, partition = 0): Promise<readonly (readonly string[])[]> =>
  (await causesOf(log, outbox, partition)).map(({ events }) =>
    events.map(({ value }) => {
      const event = decode(value)
      return event.type === 'PodForgotten' ? event.pod : event.type
    })
  )

/** The adapters on which the runtime is tested. */
export const logs: readonly {
  readonly name: string
  readonly open: () => Promise<{ log: Log; dispose: () => Promise<void> }>
}[] = [
  {
    name: 'memory',
    async open() {
      const log = memoryLog()
      return { log, dispose: () => log.close() }
    }
  },
  {
    name: 'sqlite',
    async open() {
      const directory = await mkdtemp(join(tmpdir(), 'flexledger-'))
      const log = await sqliteLog({ file: join(directory, 'log.sqlite') })
      return {
        log,
        async dispose() {
          await log.close()
          await rm(directory, { recursive: true })
        }
      }
    }
  }
]
