/**
 * Appends on their way to the brokers. Per partition one queue and at most one batch in flight, so that what is on the log
 * is always a prefix of what was asked for; per broker a few requests in flight, each with what all its partitions have
 * ready. So an append alone goes at once, and under load many share a batch (group commit) without any waiting.
 *
 * Idempotent: each batch carries a producer id and its sequence within the partition, so a batch that is sent again after
 * a lost answer is written once. A batch whose outcome stays unknown beyond the deadline is rejected, and the partition
 * goes on under a new producer id: the old batch may still appear later, which the rule of epochs (runtime/owner.ts) bears.
 *
 *   append -> queue -> [batch] -> request of a lane -> acknowledged | sent again (same sequence) | rejected
 */
import { FlexError } from '../../errors.ts'
import type { LogRecord } from '../log.ts'
import { asFlexError, BrokerError, ConnectionLost, isStale } from './broker-errors.ts'
import type { Cluster } from './cluster.ts'
import type { Compression } from './compression.ts'
import type { KafkaLimits } from './limits.ts'
import { batchEncoder, type EncodedBatch, stamp } from './record-batch.ts'
import { initProducerIdRequest, type ProducedPartition, type ProducerIdentity, produceRequest } from './requests.ts'
import { pause, retryDelayMs } from './retry.ts'

export interface Producer {
  /** Resolves with the offset of the first record when all are acknowledged. Keeps the order of the calls. */
  append(topic: string, partition: number, records: readonly LogRecord[]): Promise<number>
  /** Resolves when nothing waits any more. */
  drained(): Promise<void>
}

interface Append {
  readonly records: readonly LogRecord[]
  /** Records that are acknowledged or in the batch. */
  taken: number
  firstOffset: number | undefined
  readonly deadline: number
  readonly bytes: number
  readonly resolve: (offset: number) => void
  readonly reject: (error: unknown) => void
}

interface Batch {
  readonly encoded: EncodedBatch
  /** Which records of the batch are whose, in order. */
  readonly parts: readonly { readonly append: Append; readonly records: number }[]
  /** A request with it may have reached the broker. */
  mayBeWritten: boolean
  attempts: number
}

interface Queue {
  readonly topic: string
  readonly partition: number
  readonly appends: Append[]
  /** In flight, or waiting to be sent again. */
  batch: Batch | undefined
  isBusy: boolean
  /** The next batch, encoded while the first is in flight. */
  ahead: Batch | undefined
  identity: ProducerIdentity | undefined
  /** An id of this partition was given up: the one that all share must not be used again here. */
  hasGivenUp: boolean
  sequence: number
}

export interface ProducerOptions {
  readonly cluster: Cluster
  readonly limits: KafkaLimits
  readonly compression: Compression
  readonly onWarning: (message: string, error: unknown) => void
}

export const producer = ({ cluster, limits, compression, onWarning }: ProducerOptions): Producer => {
  const queues = new Map<string, Queue>()
  const lanes = new Map<number, number[]>()
  const drainedWaiters: (() => void)[] = []
  let pendingBytes = 0
  let isPumpScheduled = false
  let identity: Promise<ProducerIdentity> | undefined

  const newIdentity = async (): Promise<ProducerIdentity> => {
    const answer = await cluster.ask(initProducerIdRequest())
    if (answer.errorCode !== 0) throw new BrokerError(answer.errorCode, 'a producer id')
    return answer
  }
  const firstIdentity = (): Promise<ProducerIdentity> => {
    identity ??= newIdentity().catch(error => {
      identity = undefined
      throw error
    })
    return identity
  }

  const queueOf = (topic: string, partition: number): Queue => {
    const key = `${topic}/${partition}`
    let queue = queues.get(key)
    if (!queue) {
      queue = {
        topic,
        partition,
        appends: [],
        batch: undefined,
        isBusy: false,
        ahead: undefined,
        identity: undefined,
        hasGivenUp: false,
        sequence: 0
      }
      queues.set(key, queue)
    }
    return queue
  }

  /** The first records that wait, up to a batch. */
  const nextBatch = ({ appends }: Queue): Batch | undefined => {
    const encoder = batchEncoder()
    const parts: { append: Append; records: number }[] = []
    for (const append of appends) {
      const before = encoder.records
      while (append.taken < append.records.length && encoder.add(append.records[append.taken]!, limits.batchBytesMax))
        append.taken++
      if (encoder.records > before) parts.push({ append, records: encoder.records - before })
      if (append.taken < append.records.length) break
    }
    if (encoder.records === 0) return undefined
    return { encoded: encoder.finish(compression), parts, mayBeWritten: false, attempts: 0 }
  }

  /** What is finished is always what was asked for first. */
  const leave = (queue: Queue, appends: number): readonly Append[] => {
    const left = queue.appends.splice(0, appends)
    for (const { bytes } of left) pendingBytes -= bytes
    if (pendingBytes === 0) for (const resolve of drainedWaiters.splice(0)) resolve()
    return left
  }

  const giveUpIdentity = (queue: Queue) => {
    queue.identity = undefined
    queue.hasGivenUp = true
  }

  /** Those that have waited too long, with nothing of them sent. */
  const dropExpired = (queue: Queue) => {
    const now = performance.now()
    let expired = 0
    while (expired < queue.appends.length && isExpired(queue.appends[expired]!, now)) expired++
    for (const { reject } of leave(queue, expired))
      reject(
        new FlexError(
          'FLEX_LOG_UNAVAILABLE',
          `${queue.topic}/${queue.partition}: nothing was appended: no turn within ${limits.unavailableMs} ms`
        )
      )
  }

  const acknowledged = (queue: Queue, batch: Batch, baseOffset: number) => {
    queue.sequence = (queue.sequence + batch.encoded.records) & 0x7fff_ffff
    queue.batch = undefined
    let offset = baseOffset
    let whole = 0
    for (const { append, records } of batch.parts) {
      append.firstOffset ??= offset
      offset += records
      if (append.taken === append.records.length && !isIn(queue.ahead, append)) whole++
    }
    for (const { resolve, firstOffset } of leave(queue, whole)) resolve(firstOffset!)
  }

  /** All that had a part in the batch fail, wholly or from there on; those behind them go on. */
  const rejected = (queue: Queue, batch: Batch, error: unknown) => {
    if (batch.mayBeWritten) giveUpIdentity(queue)
    queue.batch = undefined
    // What is encoded already may hold the rest of an append that has failed: it must not follow a gap.
    if (queue.ahead) {
      for (const { append, records } of queue.ahead.parts) append.taken -= records
      queue.ahead = undefined
    }
    const reason = batch.mayBeWritten ? 'an append may not have happened' : 'nothing was appended'
    for (const { reject } of leave(queue, batch.parts.length))
      reject(asFlexError(error, `${queue.topic}/${queue.partition}: ${reason}`))
  }

  const schedulePump = () => {
    if (isPumpScheduled) return
    isPumpScheduled = true
    // After the calls of this turn, so that they can share a batch.
    setImmediate(() => {
      isPumpScheduled = false
      pump()
    })
  }

  const pump = () => {
    const ready = new Map<number, Queue[]>()
    for (const queue of queues.values()) {
      if (queue.isBusy || (queue.appends.length === 0 && !queue.batch)) continue
      if (!queue.identity || !queue.batch) {
        if (!queue.identity) {
          void identify(queue)
          continue
        }
        if (!queue.ahead) dropExpired(queue)
        queue.batch = queue.ahead ?? nextBatch(queue)
        queue.ahead = undefined
        if (!queue.batch) continue
      }
      let leader: number
      try {
        leader = cluster.leaderOf(queue.topic, queue.partition)
      } catch (error) {
        void again(queue, queue.batch, error)
        continue
      }
      const free = lanes.get(leader) ?? Array.from({ length: limits.produceLanes }, (_, n) => n)
      lanes.set(leader, free)
      if (free.length === 0) continue
      const mine = ready.get(leader)
      if (mine) mine.push(queue)
      else ready.set(leader, [queue])
    }
    for (const [leader, mine] of ready) {
      const lane = lanes.get(leader)!.pop()!
      const sent: Queue[] = []
      let bytes = 0
      for (const queue of mine) {
        if (sent.length > 0 && bytes + queue.batch!.encoded.bytes.length > limits.requestBytesMax) break
        bytes += queue.batch!.encoded.bytes.length
        queue.isBusy = true
        sent.push(queue)
      }
      if (sent.length < mine.length) schedulePump()
      void send(leader, lane, sent)
    }
  }

  const identify = async (queue: Queue) => {
    queue.isBusy = true
    try {
      // One id serves all partitions; one that had to be given up is replaced for its partition alone.
      queue.identity = queue.hasGivenUp ? await newIdentity() : await firstIdentity()
      queue.sequence = 0
      queue.isBusy = false
      schedulePump()
    } catch (error) {
      queue.batch ??= nextBatch(queue)
      if (queue.batch) await again(queue, queue.batch, error)
      queue.isBusy = false
    }
  }

  const send = async (leader: number, lane: number, sent: readonly Queue[]) => {
    for (const { batch, identity: own, sequence } of sent) stamp(batch!.encoded, own!, sequence)
    const batches = sent.map(({ topic, partition, batch }) => ({ topic, partition, bytes: batch!.encoded.bytes }))
    const request = produceRequest(batches, limits.requestMs)
    const isAlone = sent.length === 1
    // The lane's answer comes only when replicas have the records: as long as the broker may wait for them, and some more.
    const answering = cluster.send(leader, `produce-${lane}`, request, limits.requestMs + 2_000)
    if (isAlone) encodeAhead(sent[0]!)
    try {
      const answers = await answering
      for (const queue of sent) {
        const answer = answers.find(({ topic, partition }) => topic === queue.topic && partition === queue.partition)
        handleAnswer(queue, answer)
      }
    } catch (error) {
      const wasSent = !(error instanceof ConnectionLost) || error.wasSent
      for (const queue of sent) {
        queue.batch!.mayBeWritten ||= wasSent
        void again(queue, queue.batch!, error)
      }
    } finally {
      lanes.get(leader)!.push(lane)
      schedulePump()
    }
  }

  /** While a full batch waits, its encoding need not wait for the answer to the one before. */
  const encodeAhead = (queue: Queue) => {
    const waiting = queue.appends.reduce(
      (bytes, append) => bytes + (append.taken < append.records.length ? append.bytes : 0),
      0
    )
    if (!queue.ahead && waiting >= limits.batchBytesMax) queue.ahead = nextBatch(queue)
  }

  const handleAnswer = (queue: Queue, answer: ProducedPartition | undefined) => {
    const batch = queue.batch!
    if (answer?.errorCode === 0) {
      queue.isBusy = false
      acknowledged(queue, batch, answer.baseOffset)
      return
    }
    const error = new BrokerError(answer?.errorCode ?? -1, 'an append', answer?.message)
    switch (error.kind) {
      // Written, or about to be, when the broker gave up waiting for its replicas.
      case 'REQUEST_TIMED_OUT':
      case 'NOT_ENOUGH_REPLICAS_AFTER_APPEND':
        batch.mayBeWritten = true
        break
      // The broker has forgotten this producer, or knows another sequence. If no attempt may have been written, this one was
      // not either, and goes again under a new id.
      case 'OUT_OF_ORDER_SEQUENCE_NUMBER':
      case 'UNKNOWN_PRODUCER_ID':
      case 'INVALID_PRODUCER_EPOCH':
        if (!batch.mayBeWritten) {
          onWarning(`${queue.topic}/${queue.partition}: a new producer id is taken`, error)
          giveUpIdentity(queue)
          queue.isBusy = false
          return
        }
        break
      case 'DUPLICATE_SEQUENCE_NUMBER':
        batch.mayBeWritten = true
        break
      default:
    }
    void again(queue, batch, error)
  }

  /** Sends the batch again after a while, or rejects it if that cannot help or has been tried for too long. */
  const again = async (queue: Queue, batch: Batch, error: unknown) => {
    queue.isBusy = true
    const deadline = Math.max(...batch.parts.map(({ append }) => append.deadline))
    const canHelp = error instanceof ConnectionLost || (error instanceof BrokerError && error.isTransient)
    const isOver = cluster.signal.aborted || performance.now() > deadline
    if (!canHelp || isOver) {
      rejected(queue, batch, error)
    } else {
      if (batch.attempts === 3) onWarning(`${queue.topic}/${queue.partition}: appends are tried again`, error)
      if (isStale(error)) await cluster.refresh().catch(() => undefined)
      await pause(retryDelayMs(limits, batch.attempts++), cluster.signal)
    }
    queue.isBusy = false
    schedulePump()
  }

  return {
    append(topic, partition, records) {
      const bytes = records.reduce((sum, record) => sum + roughBytes(record), 0)
      if (pendingBytes > 0 && pendingBytes + bytes > limits.pendingBytesMax)
        return Promise.reject(
          new FlexError('FLEX_LOG_OVERLOADED', `${pendingBytes} bytes wait for brokers, ${limits.pendingBytesMax} may`)
        )
      pendingBytes += bytes
      return new Promise((resolve, reject) => {
        queueOf(topic, partition).appends.push({
          records,
          taken: 0,
          firstOffset: undefined,
          deadline: performance.now() + limits.unavailableMs,
          bytes,
          resolve,
          reject
        })
        schedulePump()
      })
    },
    drained: () => (pendingBytes === 0 ? Promise.resolve() : new Promise(resolve => drainedWaiters.push(resolve)))
  }
}

const isIn = (batch: Batch | undefined, append: Append): boolean =>
  batch?.parts.some(part => part.append === append) ?? false

const isExpired = ({ taken, deadline }: Append, now: number): boolean => taken === 0 && deadline < now

/** For the bounds on what waits: text is mostly ASCII, and a record costs some objects. */
const roughBytes = ({ key, value, headers }: LogRecord): number => {
  let bytes = 64 + key.length + value.length
  for (const name in headers) bytes += name.length + headers[name]!.length
  return bytes
}
