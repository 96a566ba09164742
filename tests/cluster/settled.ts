/**
 * Whether everything that follows from what is on the log has happened, in processes that cannot be asked: found from the
 * log and the tables alone, in the order in which one thing follows from another.
 *
 *   registry's inbox answered -> its facts fed to the market -> market's inbox answered -> tables have all of both
 *
 * Assumes that nobody else writes commands meanwhile.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import { causeAssembler } from '../../infra/log/cause-reader.ts'
import type { Log, StoredRecord } from '../../infra/log/log.ts'
import { registryToMarket } from '../../processors/feeds/registry-to-market.ts'
import { sourceText } from '../../processors/runtime/source-position.ts'
import type { BookkeepingTables } from '../../projections/runtime/bookkeeping.ts'
import { decode } from '../../schemas/codec.ts'
import { topics } from '../../schemas/topics.ts'

/** More than a change of owner takes on a machine with other work. */
const SETTLED_MS = 90_000
const LOOK_MS = 20

type TopicName = 'flex.registry.events' | 'flex.market.events' | 'flex.market.commands'

export const settledCluster = (log: Log, db: Kysely<object>): (() => Promise<void>) => {
  const fedWanted = new Set<string>()
  const fedFound = new Set<string>()
  const lastCauses = new Map<string, number>()

  const follower = (topic: TopicName, partition: number) => {
    const assembler = causeAssembler()
    const place = `${topic}/${partition}`
    lastCauses.set(place, -1)
    let next = 0
    const take = (record: StoredRecord): void => {
      next = record.offset + 1
      if (topic === 'flex.market.commands') {
        const { source } = record.headers
        if (source !== undefined) fedFound.add(source)
        return
      }
      const complete = assembler.push(record)
      if (!complete) return
      lastCauses.set(place, complete.cause)
      if (topic === 'flex.market.events') return
      for (const [index, { value }] of complete.events.entries())
        for (const part of registryToMarket(decode(value)).keys())
          fedWanted.add(sourceText({ topic, partition, cause: complete.cause, index, part }))
    }
    return async (): Promise<void> => {
      if ((await log.endOffset(topic, partition)) === next) return
      for await (const batch of log.read(topic, partition, next)) for (const record of batch) take(record)
    }
  }
  const followersOf = (topic: TopicName) =>
    Array.from({ length: topics[topic].partitions }, (_, partition) => follower(topic, partition))
  const followers = {
    registry: followersOf('flex.registry.events'),
    inbox: followersOf('flex.market.commands'),
    market: followersOf('flex.market.events')
  }

  const isAnswered = async (name: 'registry' | 'market'): Promise<boolean> => {
    await Promise.all(followers[name].map(follow => follow()))
    const answered = await Promise.all(
      followers[name].map(async (_, partition) => {
        const end = await log.endOffset(`flex.${name}.commands`, partition)
        return (lastCauses.get(`flex.${name}.events/${partition}`) ?? -1) >= end - 1
      })
    )
    return answered.every(Boolean)
  }

  const isFed = async (): Promise<boolean> => {
    await Promise.all(followers.inbox.map(follow => follow()))
    return fedWanted.isSubsetOf(fedFound)
  }

  const isProjected = async (): Promise<boolean> => {
    const checkpoints = await db
      .withTables<BookkeepingTables>()
      .selectFrom('projection_checkpoints')
      .select(['topic', 'partition', 'cause'])
      .execute()
    return checkpoints.every(({ topic, partition, cause }) => cause >= (lastCauses.get(`${topic}/${partition}`) ?? -1))
  }

  return async () => {
    const steps = [
      ['the registry has answered', () => isAnswered('registry')],
      ['the market was fed', isFed],
      ['the market has answered', () => isAnswered('market')],
      ['the tables have all', isProjected]
    ] as const
    const giveUpAt = performance.now() + SETTLED_MS
    for (const [what, holds] of steps)
      while (!(await holds())) {
        if (performance.now() > giveUpAt) throw new Error(`not within ${SETTLED_MS} ms: ${what}`)
        await delay(LOOK_MS)
      }
  }
}
