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
import {
  type Append,
  acknowledge,
  type Batch,
  encodeAhead,
  expiredAppends,
  forgetAhead,
  nextBatch,
  type PartitionQueue,
  partitionQueue
} from './partition-queue.ts'
import { stamp } from './record-batch.ts'
import { initProducerIdRequest, type ProducedPartition, type ProducerIdentity, produceRequest } from './requests.ts'
import { pause, retryDelayMs } from './retry.ts'

export interface Producer {
  /** Resolves with the offset of the first record when all are acknowledged. Keeps the order of the calls. */
  append(topic: string, partition: number, records: readonly LogRecord[]): Promise<number>
  /** Resolves when nothing waits any more. */
  drained(): Promise<void>
}

export interface ProducerOptions {
  readonly cluster: Cluster
  readonly limits: KafkaLimits
  readonly compression: Compression
  readonly onWarning: (message: string, error: unknown) => void
}

export const producer = ({ cluster, limits, compression, onWarning }: ProducerOptions): Producer => {
  const queues = new Map<string, PartitionQueue>()
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

  const queueOf = (topic: string, partition: number): PartitionQueue => {
    const key = `${topic}/${partition}`
    const known = queues.get(key)
    if (known) return known
    const queue = partitionQueue(topic, partition)
    queues.set(key, queue)
    return queue
  }

  /** What is finished is always what was asked for first. */
  const leave = (queue: PartitionQueue, appends: number): readonly Append[] => {
    const left = queue.appends.splice(0, appends)
    for (const { bytes } of left) pendingBytes -= bytes
    if (pendingBytes === 0) for (const resolve of drainedWaiters.splice(0)) resolve()
    return left
  }

  const giveUpIdentity = (queue: PartitionQueue) => {
    queue.identity = undefined
    queue.hasGivenUp = true
  }

  /** Those that have waited too long, with nothing of them sent. */
  const dropExpired = (queue: PartitionQueue) => {
    for (const { reject } of leave(queue, expiredAppends(queue, performance.now())))
      reject(
        new FlexError(
          'FLEX_LOG_UNAVAILABLE',
          `${queue.topic}/${queue.partition}: nothing was appended: no turn within ${limits.unavailableMs} ms`
        )
      )
  }

  const acknowledged = (queue: PartitionQueue, batch: Batch, baseOffset: number) => {
    queue.sequence = (queue.sequence + batch.encoded.records) & 0x7fff_ffff
    queue.batch = undefined
    for (const { resolve, firstOffset } of leave(queue, acknowledge(queue, batch, baseOffset))) resolve(firstOffset!)
  }

  /** All that had a part in the batch fail, wholly or from there on; those behind them go on. */
  const rejected = (queue: PartitionQueue, batch: Batch, error: unknown) => {
    if (batch.mayBeWritten) giveUpIdentity(queue)
    queue.batch = undefined
    forgetAhead(queue)
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
    const ready = new Map<number, PartitionQueue[]>()
    for (const queue of queues.values()) {
      if (queue.isBusy || (queue.appends.length === 0 && !queue.batch)) continue
      if (!queue.identity || !queue.batch) {
        if (!queue.identity) {
          void identify(queue)
          continue
        }
        if (!queue.ahead) dropExpired(queue)
        queue.batch = queue.ahead ?? nextBatch(queue, limits.batchBytesMax, compression)
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
      const sent: PartitionQueue[] = []
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

  const identify = async (queue: PartitionQueue) => {
    queue.isBusy = true
    try {
      // One id serves all partitions; one that had to be given up is replaced for its partition alone.
      queue.identity = queue.hasGivenUp ? await newIdentity() : await firstIdentity()
      queue.sequence = 0
      queue.isBusy = false
      schedulePump()
    } catch (error) {
      queue.batch ??= nextBatch(queue, limits.batchBytesMax, compression)
      if (queue.batch) await again(queue, queue.batch, error)
      queue.isBusy = false
    }
  }

  const send = async (leader: number, lane: number, sent: readonly PartitionQueue[]) => {
    for (const { batch, identity: own, sequence } of sent) stamp(batch!.encoded, own!, sequence)
    const batches = sent.map(({ topic, partition, batch }) => ({ topic, partition, bytes: batch!.encoded.bytes }))
    const request = produceRequest(batches, limits.requestMs)
    const isAlone = sent.length === 1
    // The lane's answer comes only when replicas have the records: as long as the broker may wait for them, and some more.
    const answering = cluster.send(leader, `produce-${lane}`, request, limits.requestMs + 2_000)
    if (isAlone) encodeAhead(sent[0]!, limits.batchBytesMax, compression)
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

  const handleAnswer = (queue: PartitionQueue, answer: ProducedPartition | undefined) => {
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
  const again = async (queue: PartitionQueue, batch: Batch, error: unknown) => {
    queue.isBusy = true
    const deadline = Math.max(...batch.parts.map(({ append }) => append.deadline))
    const canHelp = error instanceof ConnectionLost || (error instanceof BrokerError && error.isTransient)
    const isOver = cluster.signal.aborted || performance.now() > deadline
    if (!canHelp || isOver) {
      rejected(queue, batch, error)
    } else {
      batch.failingSince ??= performance.now()
      if (!batch.isWarned && performance.now() > batch.failingSince + limits.warnAfterMs) {
        batch.isWarned = true
        onWarning(`${queue.topic}/${queue.partition}: appends are tried again`, error)
      }
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

/** For the bounds on what waits: text is mostly ASCII, and a record costs some objects. */
const roughBytes = ({ key, value, headers }: LogRecord): number => {
  let bytes = 64 + key.length + value.length
  for (const name in headers) bytes += name.length + headers[name]!.length
  return bytes
}
