/**
 * The owner of one partition of a processor.
 *
 *   start   OwnershipTaken -> events[p]; its offset is the epoch, and the mark up to which the past is read
 *           snapshot, then tail up to the mark -> state, memory; go on after the last complete cause
 *   handle  each command: park | repeat | decide -> events -> state; append; the offset must be the expected one
 *
 * Promises: every command is answered by exactly one complete cause that readers take, decided on the state before it.
 * What is decided but not on the log exists only here: after any append that was rejected, or that came back with another
 * offset than expected (somebody else wrote to the partition), everything is forgotten and `start` begins anew.
 */
import { BrokenInvariant, mustHold } from '../../infra/host/broken-invariant.ts'
import type { Worker } from '../../infra/host/host.ts'
import { type Cause, causeAssembler, type ReaderPosition, startPosition } from '../../infra/log/cause-reader.ts'
import { eventRecords } from '../../infra/log/envelope.ts'
import type { LogRecord, StoredRecord } from '../../infra/log/log.ts'
import { decode, encode, fullNameOf } from '../../schemas/codec.ts'
import type { Message } from '../../schemas/generated.ts'
import { assertRecordSize } from '../../schemas/record-size.ts'
import { appendChunks, recordBytes } from './append-chunks.ts'
import { type CommandMemory, type CommandMemoryContent, commandMemory } from './command-memory.ts'
import { isLogPlace, isOnLog, type LogPlace, placeAfter } from './log-place.ts'
import { isEventOf, isRuntimeEvent, readCommand } from './own-messages.ts'
import { ownershipRecord } from './ownership-record.ts'
import { isPackedState, type PackedState, packingVersion, packState, unpackState } from './packed-state.ts'
import { parkRecord } from './parking.ts'
import type { Processor, ProcessorOptions } from './processor.ts'
import { type ProcessorLimits, processorLimitsDefault } from './processor-limits.ts'

interface Held<S> {
  state: S
  readonly memory: CommandMemory
  lastCause: number
  /** The last record of the last complete cause; undefined before the first. */
  last: StoredRecord | undefined
  epoch: number
  /** Where the next append must land if nobody else writes here. */
  expectedOffset: number
  eventsSinceSnapshot: number
}

interface Snapshot {
  readonly place: LogPlace
  readonly state: PackedState
  readonly memory: CommandMemoryContent
}

export const partitionOwner = <C extends Message, E extends Message, S>(
  processor: Processor<C, E, S>,
  options: ProcessorOptions,
  partition: number
): Worker => {
  const { name } = processor
  const version = `${packingVersion} ${processor.stateVersion}`
  const { log, salt, snapshots, instance, metrics, onWarning, wallClock = Date.now } = options
  const limits: ProcessorLimits = { ...processorLimitsDefault, ...options.limits }
  const inbox = { topic: `flex.${name}.commands`, partition }
  const outbox = { topic: `flex.${name}.events`, partition }
  const here = `${name}/${partition}`
  let held: Held<S> | undefined
  let quiet: NodeJS.Timeout | undefined
  let saving: Promise<void> = Promise.resolve()

  /** `events` are the messages of the records. */
  const fold = (into: Held<S>, cause: number, records: readonly LogRecord[], events: readonly Message[]) => {
    let isParked = false
    for (const [n, event] of events.entries()) {
      const { timestamp } = records[n]!
      if (isRuntimeEvent(event)) isParked = event.type === 'RecordParked'
      else if (isEventOf<E>(event, outbox.topic)) {
        into.state = mustHold(`${here}: ${event.type} of cause ${cause} does not fit the state`, () =>
          processor.evolve(into.state, event, { now: timestamp })
        )
      } else throw new BrokenInvariant(`${here}: ${event.type} of cause ${cause} is no event of ${outbox.topic}`)
    }
    into.memory.note(cause, records[0]!, isParked)
    into.lastCause = cause
    into.eventsSinceSnapshot += records.length
  }

  const takeOwnership = async (): Promise<number> => {
    const end = await log.endOffset(outbox.topic, partition)
    const record = ownershipRecord({ writer: name, partition, owner: instance, end, time: wallClock() }, salt)
    const epoch = await log.append(outbox.topic, partition, [record])
    metrics?.ownershipTaken(name, partition)
    return epoch
  }

  const loadSnapshot = async (): Promise<Snapshot | undefined> => {
    try {
      const content = await snapshots.load(name, partition, version)
      if (content === undefined) return undefined
      if (isSnapshot(content) && (await isOnLog(log, outbox, content.place))) return content
      onWarning?.(`${here}: the snapshot is of another log and is ignored`, undefined)
    } catch (error) {
      onWarning?.(`${here}: the snapshot could not be loaded`, error)
    }
    return undefined
  }

  const saveSnapshot = async (of: Held<S>) => {
    if (!of.last || of.eventsSinceSnapshot === 0) return
    const content: Snapshot = {
      place: placeAfter(of.lastCause, of.last),
      state: packState(of.state),
      memory: of.memory.content()
    }
    // Also when it fails: the next attempt is as far away as after a success.
    of.eventsSinceSnapshot = 0
    try {
      await snapshots.save(name, partition, version, content)
    } catch (error) {
      onWarning?.(`${here}: the snapshot could not be saved`, error)
    }
  }

  /** Now if it cannot wait, otherwise as soon as nothing was asked for a while. */
  const snapshotInTime = async (of: Held<S>) => {
    if (of.eventsSinceSnapshot < limits.snapshotEveryEvents) return
    if (limits.snapshotQuietMs === 0 || of.eventsSinceSnapshot >= limits.snapshotEventsMax) return saveSnapshot(of)
    quiet = setTimeout(() => {
      if (held === of) saving = saveSnapshot(of)
    }, limits.snapshotQuietMs)
    quiet.unref()
  }

  const foldPast = async (epoch: number): Promise<Held<S>> => {
    const snapshot = await loadSnapshot()
    const position: ReaderPosition = snapshot?.place.position ?? startPosition
    if (position.nextOffset > epoch)
      throw new Error(`${here}: the snapshot is later than the mark ${epoch}: somebody else took the partition since`)
    const past: Held<S> = {
      // The version says that a snapshot's state is an S.
      state: snapshot ? (unpackState(snapshot.state) as S) : processor.initial(),
      memory: commandMemory(limits, snapshot?.memory),
      lastCause: position.cause,
      last: undefined,
      epoch,
      expectedOffset: epoch + 1,
      eventsSinceSnapshot: 0
    }
    const reader = causeAssembler(position)
    // Followed, because a log may show an acknowledged record a moment later; the mark ends it.
    for await (const batch of log.read(outbox.topic, partition, position.nextOffset, { follow: true }))
      for (const record of batch) {
        if (record.offset > epoch) return past
        const cause: Cause | undefined = reader.push(record)
        if (cause) {
          fold(
            past,
            cause.cause,
            cause.events,
            cause.events.map(({ value }) => decode(value))
          )
          past.last = cause.events.at(-1)
        }
        if (record.offset === epoch) return past
      }
    throw new Error(`${here}: reading ended before the mark ${epoch}`)
  }

  const append = async (to: Held<S>, records: readonly LogRecord[]) => {
    for (const chunk of appendChunks(records, limits)) {
      const first = await log.append(outbox.topic, partition, chunk)
      if (first !== to.expectedOffset)
        throw new Error(`${here}: appended at ${first}, not ${to.expectedOffset}: somebody else wrote there`)
      to.expectedOffset = first + chunk.length
    }
    const last = records.at(-1)
    if (!last) return
    // The records of one append may have others' between them; then the end is further on. Found only at the next append,
    // the last answers would be missing until the next command.
    const end = await log.endOffset(outbox.topic, partition)
    if (end !== to.expectedOffset)
      throw new Error(`${here}: ends at ${end}, not ${to.expectedOffset}: somebody else wrote there`)
    to.last = { ...last, offset: to.expectedOffset - 1 }
  }

  /** The answer to one command, as messages; only a record that has to be parked is waited for. */
  const answer = (to: Held<S>, record: StoredRecord): readonly Message[] | Promise<readonly Message[]> => {
    const repeated = to.memory.repeated(record.headers)
    if (repeated) return [{ type: 'CommandRepeated', ...repeated }]
    const read = readCommand<C>(record.value, inbox.topic)
    if ('problem' in read)
      return parkRecord({ log, salt, reader: name, at: inbox, record, ...read }).then(parked => [parked])
    return mustHold(`${here}: ${read.command.type} at ${record.offset} cannot be decided`, () =>
      processor.decide(read.command, to.state, { now: record.timestamp })
    )
  }

  const recordsOf = (to: Held<S>, command: StoredRecord, events: readonly Message[]): readonly LogRecord[] => {
    const at = `${here}: the command at ${command.offset}`
    if (events.length === 0) throw new BrokenInvariant(`${at} was answered by no event`)
    const recordOf = eventRecords(
      {
        writer: name,
        partition,
        key: command.key,
        time: command.timestamp,
        cause: command.offset,
        count: events.length,
        epoch: to.epoch,
        commandHeaders: command.headers
      },
      salt
    )
    return events.map((event, index) =>
      mustHold(`${at}: ${event.type} cannot be written`, () => {
        const record = recordOf(index, fullNameOf(event.type), encode(event))
        assertRecordSize(outbox.topic, record)
        return record
      })
    )
  }

  return {
    name: `${name} ${inbox.topic}/${partition}`,
    input: inbox,

    async start() {
      held = undefined
      const epoch = await takeOwnership()
      held = await foldPast(epoch)
      return held.lastCause + 1
    },

    async handle(batch) {
      const mine = held
      if (!mine) throw new Error(`${here}: not started`)
      clearTimeout(quiet)
      // Until all is on the log: a state that may be ahead of it is worth nothing.
      held = undefined
      let pending: LogRecord[] = []
      let pendingBytes = 0
      const counts = { commands: 0, events: 0, repeated: 0, parked: 0 }
      for (const command of batch) {
        if (command.offset <= mine.lastCause) continue
        const answered = answer(mine, command)
        const events = answered instanceof Promise ? await answered : answered
        const records = recordsOf(mine, command, events)
        // What was written comes back equal (schemas/codec.ts), so it need not be read again.
        fold(mine, command.offset, records, events)
        for (const record of records) {
          pending.push(record)
          pendingBytes += recordBytes(record)
        }
        counts.commands++
        counts.events += records.length
        if (events[0]?.type === 'CommandRepeated') counts.repeated++
        if (events[0]?.type === 'RecordParked') counts.parked++
        if (pending.length < limits.appendRecordsMax && pendingBytes < limits.appendBytesMax) continue
        await append(mine, pending)
        pending = []
        pendingBytes = 0
      }
      await append(mine, pending)
      held = mine
      metrics?.answered(name, partition, counts)
      if (processor.handled && counts.commands > 0) processor.handled(new Set(batch.map(({ key }) => key)), mine.state)
      await snapshotInTime(mine)
    },

    async stop() {
      const mine = held
      held = undefined
      clearTimeout(quiet)
      await saving
      if (mine) await saveSnapshot(mine)
    }
  }
}

const isSnapshot = (content: unknown): content is Snapshot =>
  typeof content === 'object' &&
  content !== null &&
  'place' in content &&
  isLogPlace(content.place) &&
  'state' in content &&
  isPackedState(content.state) &&
  'memory' in content
