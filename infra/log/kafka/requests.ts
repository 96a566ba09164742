/**
 * The requests that the adapter makes, each as its number, version, body and answer. Versions are fixed: the highest before
 * Kafka's flexible encoding, all spoken by brokers from 2.4 to 4.x (a connection checks that when it opens).
 * An answer's errors stay numbers here; who asked decides what they mean.
 */
import { type ProtocolReader, protocolWriter } from './protocol-bytes.ts'

export interface ApiRequest<Response> {
  readonly name: string
  readonly apiKey: number
  readonly version: number
  encode(): readonly Uint8Array[]
  decode(reader: ProtocolReader): Response
}

export const api = {
  produce: { name: 'Produce', apiKey: 0, version: 8 },
  fetch: { name: 'Fetch', apiKey: 1, version: 11 },
  listOffsets: { name: 'ListOffsets', apiKey: 2, version: 2 },
  metadata: { name: 'Metadata', apiKey: 3, version: 5 },
  findCoordinator: { name: 'FindCoordinator', apiKey: 10, version: 2 },
  joinGroup: { name: 'JoinGroup', apiKey: 11, version: 5 },
  heartbeat: { name: 'Heartbeat', apiKey: 12, version: 3 },
  leaveGroup: { name: 'LeaveGroup', apiKey: 13, version: 2 },
  syncGroup: { name: 'SyncGroup', apiKey: 14, version: 3 },
  initProducerId: { name: 'InitProducerId', apiKey: 22, version: 1 }
} as const

export const apiVersions = {
  needed: Object.values(api),
  supported: (): ApiRequest<readonly { apiKey: number; min: number; max: number }[]> => ({
    name: 'ApiVersions',
    apiKey: 18,
    version: 0,
    encode: () => [],
    decode(reader) {
      reader.int16()
      return reader.array(() => ({ apiKey: reader.int16(), min: reader.int16(), max: reader.int16() }))
    }
  })
}

export interface BrokerNode {
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

export interface PartitionMetadata {
  readonly errorCode: number
  readonly partition: number
  /** -1 if there is none now. */
  readonly leader: number
  readonly replicas: number
}

export interface TopicMetadata {
  readonly errorCode: number
  readonly name: string
  readonly isInternal: boolean
  readonly partitions: readonly PartitionMetadata[]
}

export interface Metadata {
  readonly brokers: readonly BrokerNode[]
  readonly topics: readonly TopicMetadata[]
}

/** Of all topics that this client may see. */
export const metadataRequest = (): ApiRequest<Metadata> => ({
  ...api.metadata,
  encode: () => protocolWriter().int32(-1).int8(0).parts(),
  decode(reader) {
    reader.int32()
    const brokers = reader.array(() => {
      const node = { nodeId: reader.int32(), host: reader.text(), port: reader.int32() }
      reader.textOrNull()
      return node
    })
    reader.textOrNull()
    reader.int32()
    const topics = reader.array(() => ({
      errorCode: reader.int16(),
      name: reader.text(),
      isInternal: reader.int8() !== 0,
      partitions: reader.array(() => {
        const partition = { errorCode: reader.int16(), partition: reader.int32(), leader: reader.int32() }
        const replicas = reader.array(() => reader.int32()).length
        reader.array(() => reader.int32())
        reader.array(() => reader.int32())
        return { ...partition, replicas }
      })
    }))
    return { brokers, topics }
  }
})

export interface ProducerIdentity {
  readonly producerId: number
  readonly producerEpoch: number
}

export const initProducerIdRequest = (): ApiRequest<ProducerIdentity & { readonly errorCode: number }> => ({
  ...api.initProducerId,
  // Without a transactional id the time-out of transactions means nothing.
  encode: () => protocolWriter().text(null).int32(60_000).parts(),
  decode(reader) {
    reader.int32()
    return { errorCode: reader.int16(), producerId: reader.int64(), producerEpoch: reader.int16() }
  }
})

export interface InTopic {
  readonly topic: string
  readonly partition: number
}

/** The protocol lists partitions below their topic. */
const byTopic = <Item extends InTopic>(items: readonly Item[]): readonly (readonly [string, readonly Item[]])[] =>
  [...Map.groupBy(items, ({ topic }) => topic)].map(([topic, partitions]) => [topic, partitions] as const)

export interface ProducedPartition extends InTopic {
  readonly errorCode: number
  readonly baseOffset: number
  readonly message: string | null
}

/** Acknowledged by all replicas in sync. */
export const produceRequest = (
  batches: readonly (InTopic & { readonly bytes: Uint8Array })[],
  timeoutMs: number
): ApiRequest<readonly ProducedPartition[]> => ({
  ...api.produce,
  encode() {
    const writer = protocolWriter().text(null).int16(-1).int32(timeoutMs)
    writer.array(byTopic(batches), ([topic, partitions]) => {
      writer.text(topic).array(partitions, ({ partition, bytes }) => {
        writer.int32(partition).reference(bytes)
      })
    })
    return writer.parts()
  },
  decode: reader =>
    reader
      .array(() => {
        const topic = reader.text()
        return reader.array(() => {
          const partition = reader.int32()
          const errorCode = reader.int16()
          const baseOffset = reader.int64()
          reader.int64()
          reader.int64()
          const recordErrors = reader.array(() => {
            reader.int32()
            return reader.textOrNull()
          })
          return { topic, partition, errorCode, baseOffset, message: reader.textOrNull() ?? recordErrors[0] ?? null }
        })
      })
      .flat()
})

export interface FetchedPartition extends InTopic {
  readonly errorCode: number
  readonly highWatermark: number
  readonly logStartOffset: number
  /** Record batches, the last of them perhaps cut off. */
  readonly records: Buffer
}

export interface FetchLimits {
  readonly maxWaitMs: number
  readonly partitionBytesMax: number
  readonly bytesMax: number
}

export const fetchRequest = (
  from: readonly (InTopic & { readonly offset: number })[],
  { maxWaitMs, partitionBytesMax, bytesMax }: FetchLimits
): ApiRequest<{ readonly errorCode: number; readonly partitions: readonly FetchedPartition[] }> => ({
  ...api.fetch,
  encode() {
    // A consumer (-1); at least 1 byte; what is not committed too, for nobody writes transactions here; no session.
    const writer = protocolWriter(1_024).int32(-1).int32(maxWaitMs).int32(1).int32(bytesMax).int8(0).int32(0).int32(-1)
    writer.array(byTopic(from), ([topic, partitions]) => {
      writer.text(topic).array(partitions, ({ partition, offset }) => {
        writer.int32(partition).int32(-1).int64(offset).int64(-1).int32(partitionBytesMax)
      })
    })
    return writer.int32(0).text('').parts()
  },
  decode(reader) {
    reader.int32()
    const errorCode = reader.int16()
    reader.int32()
    const partitions = reader.array(() => {
      const topic = reader.text()
      return reader.array(() => {
        const partition = reader.int32()
        const errorCode = reader.int16()
        const highWatermark = reader.int64()
        reader.int64()
        const logStartOffset = reader.int64()
        reader.array(() => [reader.int64(), reader.int64()])
        reader.int32()
        return { topic, partition, errorCode, highWatermark, logStartOffset, records: reader.bytes() }
      })
    })
    return { errorCode, partitions: partitions.flat() }
  }
})

export interface ListedOffset extends InTopic {
  readonly errorCode: number
  readonly offset: number
}

/** The high watermark of each. */
export const listOffsetsRequest = (of: readonly InTopic[]): ApiRequest<readonly ListedOffset[]> => ({
  ...api.listOffsets,
  encode() {
    const writer = protocolWriter().int32(-1).int8(0)
    writer.array(byTopic(of), ([topic, partitions]) => {
      writer.text(topic).array(partitions, ({ partition }) => {
        writer.int32(partition).int64(-1)
      })
    })
    return writer.parts()
  },
  decode(reader) {
    reader.int32()
    return reader
      .array(() => {
        const topic = reader.text()
        return reader.array(() => {
          const partition = reader.int32()
          const errorCode = reader.int16()
          reader.int64()
          return { topic, partition, errorCode, offset: reader.int64() }
        })
      })
      .flat()
  }
})
