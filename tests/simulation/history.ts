/**
 * One history, from its seed: clients ask, repeat and send rubbish; two instances at a time run each owner and each feed,
 * pause, wake up, crash before, in and after their appends, and lose their snapshots. Then the faults end, one instance of
 * each survives, and when nothing moves any more, `verify.ts` says what does not hold.
 */
import { BrokenInvariant } from '../../infra/host/broken-invariant.ts'
import type { Worker } from '../../infra/host/host.ts'
import { causeAssembler } from '../../infra/log/cause-reader.ts'
import type { Log, TopicSpec } from '../../infra/log/log.ts'
import { feedComponent } from '../../processors/runtime/feed.ts'
import { processorComponent } from '../../processors/runtime/processor.ts'
import { memorySnapshots, type Snapshots } from '../../processors/runtime/snapshots.ts'
import { clients } from './clients.ts'
import { observer } from './observer.ts'
import { type OwnerVariant, rightOwner } from './owners.ts'
import { type Random, random as randomOf } from './random.ts'
import type { Assembler } from './readers.ts'
import { type Actor, scheduler } from './scheduler.ts'
import { noFaults, type SimulatedStore, simulatedLog, simulatedStore, storedRecords } from './simulated-log.ts'
import { feedProblems, type PartitionHistory, problemsOf } from './verify.ts'
import { feedRule, marketProcessor, type ProcessorName, partitions, registryProcessor, salt } from './world.ts'

export interface HistoryOptions {
  readonly seed: number
  readonly assembler?: Assembler
  readonly owner?: OwnerVariant
}

export interface HistoryResult {
  readonly problems: readonly string[]
  readonly counts: SimulatedStore['counts'] & { commands: number; ownershipsTaken: number; steps: number }
}

/** Steps of the quiet end: a history that has not come to rest by then never will. */
const settleStepsMax = 20_000

interface Lane {
  readonly name: string
  readonly spawn: () => Actor
  actor: Actor | undefined
  /** The next offset of the living instance, and the input it reads. */
  next: number
  readonly input: string
}

export const runHistory = async ({
  seed,
  assembler = causeAssembler,
  owner = rightOwner
}: HistoryOptions): Promise<HistoryResult> => {
  const random = randomOf(seed)
  const topics: TopicSpec[] = (['registry', 'market'] as const).flatMap(name => [
    { name: `flex.${name}.commands`, partitions: partitions[name] },
    { name: `flex.${name}.events`, partitions: partitions[name] },
    { name: `flex.${name}.parked`, partitions: 1 }
  ])
  const store = simulatedStore(topics, {
    rejected: random.pick([0, 0.05, 0.2]),
    crashed: random.pick([0, 0.05, 0.2]),
    split: random.pick([0, 0.2]),
    paused: random.pick([0.02, 0.1]),
    pauseStepsMax: random.pick([20, 200])
  })
  const schedule = scheduler(random)
  let isQuiet = false
  let ownershipsTaken = 0

  const snapshots = forgetfulSnapshots(random)
  const wallClock = () => schedule.steps
  const metrics = { ownershipTaken: () => void ownershipsTaken++, answered() {} }
  const limits = () => ({
    appendRecordsMax: 1 + random.below(5),
    snapshotEveryEvents: 1 + random.below(15),
    snapshotQuietMs: 0,
    ...owner.limits
  })

  const workerOf = (kind: ProcessorName | 'feed', log: Log, partition: number, instance: string): Worker => {
    if (kind === 'feed') {
      const feed = { name: 'feed', from: 'flex.registry.events', to: 'flex.market.commands', rule: feedRule }
      const options = { ...feed, log, salt, checkpoints: snapshots, limits: { appendRecordsMax: 1 + random.below(4) } }
      return feedComponent(options).worker({ topic: feed.from, partition })
    }
    const options = { log: owner.log(log), instance, snapshots, salt, limits: limits(), metrics, wallClock }
    const component =
      kind === 'registry'
        ? processorComponent(registryProcessor(random), options)
        : processorComponent(marketProcessor(random), options)
    return component.worker({ topic: `flex.${kind}.commands`, partition })
  }

  const lanes: Lane[] = []
  const addLane = (kind: ProcessorName | 'feed', partition: number, n: number) => {
    const topic = kind === 'feed' ? 'flex.registry.events' : `flex.${kind}.commands`
    const name = `${kind}/${partition}#${n}`
    const run = async (actor: Actor) => {
      for (;;) {
        const log = simulatedLog(store, actor, random)
        const worker = workerOf(kind, log, partition, name)
        await live(worker, actor)
      }
    }
    /** Until it is stopped, which is seldom. */
    const live = async (worker: Worker, actor: Actor) => {
      for (;;) {
        try {
          lane.next = await worker.start()
          for (;;) {
            await actor.turn()
            if (!isQuiet && random.chance(0.03)) return await worker.stop?.()
            const batch = storedRecords(store, topic, partition).slice(lane.next, lane.next + 1 + random.below(6))
            if (batch.length === 0) continue
            await worker.handle(batch)
            lane.next = batch.at(-1)!.offset + 1
          }
        } catch (error) {
          if (error instanceof BrokenInvariant) throw error
          lane.next = -1
        }
      }
    }
    const lane: Lane = {
      name: `${kind}/${partition}`,
      input: `${topic}/${partition}`,
      actor: undefined,
      next: -1,
      spawn: () => schedule.spawn(name, run)
    }
    lanes.push(lane)
  }
  for (const kind of ['registry', 'market'] as const)
    for (let partition = 0; partition < partitions[kind]; partition++)
      for (const n of [1, 2]) addLane(kind, partition, n)
  for (const n of [1, 2]) addLane('feed', 0, n)

  const commands = clients(store, random)
  const clientActor = schedule.spawn('client', async actor => {
    for (const ask of commands) {
      ask(schedule.steps)
      actor.pause(1 + random.below(40))
      await actor.turn()
    }
  })

  const observers = (['registry', 'market'] as const).flatMap(kind =>
    Array.from({ length: partitions[kind] }, (_, partition) => observer(store, kind, partition, random, assembler))
  )
  for (const { run } of observers) schedule.spawn('reader', run)

  const revive = () => {
    for (const lane of lanes)
      if (!isQuiet && (!lane.actor || lane.actor.isDead) && random.chance(0.1)) {
        lane.next = -1
        lane.actor = lane.spawn()
      }
  }
  const isSettled = () =>
    lanes.every(
      ({ actor, next, input }) => actor?.isDead !== false || next >= (store.partitions.get(input)?.length ?? 0)
    )

  const problems: string[] = []
  try {
    while (!clientActor.isDead || random.chance(0.99)) {
      revive()
      await schedule.step()
    }
    store.faults = noFaults
    for (const name of new Set(lanes.map(lane => lane.name))) {
      const [survivor, ...others] = shuffled(
        lanes.filter(lane => lane.name === name),
        random
      )
      for (const { actor } of others) actor?.kill()
      if (survivor && (!survivor.actor || survivor.actor.isDead)) survivor.actor = survivor.spawn()
    }
    isQuiet = true
    const end = schedule.steps + settleStepsMax
    while (!isSettled() && schedule.steps < end) await schedule.step()
    if (!isSettled()) problems.push('the history does not come to rest')
  } catch (error) {
    problems.push(`an actor fell: ${error instanceof Error ? (error.stack ?? error.message) : error}`)
  }

  const histories = (kind: ProcessorName): readonly PartitionHistory[] =>
    Array.from({ length: partitions[kind] }, (_, partition) => ({
      name: `flex.${kind}.events/${partition}`,
      commands: storedRecords(store, `flex.${kind}.commands`, partition),
      records: storedRecords(store, `flex.${kind}.events`, partition),
      observed: observers.find(one => one.kind === kind && one.partition === partition)!
    }))
  const registry = histories('registry')
  const market = histories('market')
  for (const history of [...registry, ...market]) problems.push(...problemsOf(history, assembler))
  problems.push(...feedProblems(registry, market, assembler))

  const commandCount = [...registry, ...market].reduce((sum, { commands }) => sum + commands.length, 0)
  return { problems, counts: { ...store.counts, commands: commandCount, ownershipsTaken, steps: schedule.steps } }
}

/** Loses every fifth snapshot, and one save in ten. */
const forgetfulSnapshots = (random: Random): Snapshots => {
  const snapshots = memorySnapshots()
  return {
    load: async (...where) => (random.chance(0.2) ? undefined : snapshots.load(...where)),
    async save(...what) {
      if (random.chance(0.1)) throw new Error('the disk is full')
      await snapshots.save(...what)
    }
  }
}

const shuffled = <Item>(items: readonly Item[], random: Random): readonly Item[] => {
  const mixed = [...items]
  for (let n = mixed.length - 1; n > 0; n--) {
    const other = random.below(n + 1)
    ;[mixed[n], mixed[other]] = [mixed[other]!, mixed[n]!]
  }
  return mixed
}
