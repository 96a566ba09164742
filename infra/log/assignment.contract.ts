/**
 * The part of the log contract about groups: after each join, leave and crash the members settle so that every partition
 * belongs to exactly one of them. Tests wait for the settled state, however long the engine takes, up to a bound.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type LogEngine, newTopic, type Tests } from './contract-fixtures.ts'
import type { Log } from './log.ts'

/** Far longer than any engine needs: it only turns a hang into a failure. */
const settledWithinMs = 60_000

interface Watched {
  /** "topic/partition" as last assigned; undefined before the first. */
  current: readonly string[] | undefined
  leave(): Promise<void>
}

const watch = (log: Log, group: string, topics: readonly string[]): Watched => {
  const stop = new AbortController()
  const watched: Watched = {
    current: undefined,
    async leave() {
      stop.abort()
      await running
    }
  }
  const running = (async () => {
    for await (const partitions of log.assignments(group, topics, stop.signal))
      watched.current = partitions.map(({ topic, partition }) => `${topic}/${partition}`)
  })()
  return watched
}

const settled = async (what: string, isSettled: () => boolean): Promise<void> => {
  for (let waitedMs = 0; !isSettled(); waitedMs += 5) {
    if (waitedMs > settledWithinMs) throw new Error(`never settled: ${what}`)
    await delay(5)
  }
}

const areShared = (members: readonly Watched[], expected: readonly string[]): boolean =>
  members.every(({ current }) => current !== undefined) &&
  members
    .flatMap(({ current }) => current ?? [])
    .toSorted()
    .join() === expected.toSorted().join()

const namesOf = (topic: string, partitions: number) => Array.from({ length: partitions }, (_, n) => `${topic}/${n}`)

export const assignmentContract = (t: Tests, engine: LogEngine): void => {
  const prepared = async (t: Tests, partitions: number) => {
    const log = await engine.open()
    t.teardown(() => log.close())
    const topic = newTopic()
    await log.ensureTopics([{ name: topic, partitions }])
    return { log, topic, group: `group-${topic}`, all: namesOf(topic, partitions) }
  }

  t.test('a member that is alone has every partition of its topics', async t => {
    const { log, topic, group, all } = await prepared(t, 7)
    const second = newTopic()
    await log.ensureTopics([{ name: second, partitions: 2 }])
    const alone = watch(log, group, [topic, second])
    await settled('one member', () => areShared([alone], [...all, ...namesOf(second, 2)]))
    await alone.leave()
    t.pass('it had all of them')
  })

  t.test('members that join and leave share the partitions, each owned by exactly one, evenly', async t => {
    const { log, topic, group, all } = await prepared(t, 8)
    const first = watch(log, group, [topic])
    await settled('the first', () => areShared([first], all))
    const otherLog = await engine.open()
    t.teardown(() => otherLog.close())
    const second = watch(otherLog, group, [topic])
    await settled('two members', () => areShared([first, second], all))
    t.strictSame([first.current?.length, second.current?.length], [4, 4])
    await second.leave()
    await settled('the first alone again', () => areShared([first], all))
    const third = watch(otherLog, group, [topic])
    await settled('the third', () => areShared([first, third], all))
    await otherLog.close()
    await settled('closing the log leaves the group', () => areShared([first], all))
    await first.leave()
  })

  t.test('groups do not take partitions from each other', async t => {
    const { log, topic, group, all } = await prepared(t, 3)
    const one = watch(log, group, [topic])
    const other = watch(log, `${group}-other`, [topic])
    await settled('both groups', () => areShared([one], all) && areShared([other], all))
    await Promise.all([one.leave(), other.leave()])
    t.pass('each had all of them')
  })

  t.test('the partitions of a member that falls silent go to the others', async t => {
    const { log, topic, group, all } = await prepared(t, 4)
    const survivor = watch(log, group, [topic])
    await settled('the survivor alone', () => areShared([survivor], all))
    const victim = await engine.member(group, topic)
    await settled('the victim has its share', () => survivor.current?.length === 2)
    await victim.crash()
    await settled('the survivor has all again', () => areShared([survivor], all))
    await survivor.leave()
    t.pass('nothing was left without an owner')
  })
}
