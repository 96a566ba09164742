/**
 * A broker for tests that can be told to fail as a real one cannot: before or after it has written a batch, with any error,
 * or by saying nothing. It keeps one topic in memory, holds producers to their sequences as Kafka does (a repeated batch is
 * answered and not written again, a gap is refused), and speaks just the requests of appends and ends.
 */
import { createServer, type Socket } from 'node:net'
import type { StoredRecord } from '../log.ts'
import { type ProtocolReader, protocolReader, protocolWriter, readInt64, writeInt64 } from './protocol-bytes.ts'
import { readBatches } from './record-batch-reader.ts'
import { apiVersions } from './requests.ts'

/** What becomes of one produce request. */
export type Fate =
  | 'written'
  /** The connection breaks, with the batch written or not. */
  | 'lost-before'
  | 'lost-after'
  | { readonly errorCode: number; readonly isWritten?: boolean }

export interface SimulatedBroker {
  readonly address: { readonly host: string; readonly port: number }
  /** All batches ever written, in order. */
  records(partition: number): readonly StoredRecord[]
  /** Batches of each produce request that arrived, with how many records. */
  readonly requests: readonly (readonly { readonly partition: number; readonly records: number }[])[]
  /** Producers forget their sequences, as after their expiry. */
  forgetProducers(): void
  close(): Promise<void>
}

interface StoredPartition {
  readonly batches: Buffer[]
  end: number
  /** By producer: the last sequence, and where its batch is. */
  readonly producers: Map<number, { firstSequence: number; nextSequence: number; offset: number }>
}

export const simulatedBroker = async (
  topic: string,
  partitions: number,
  fateOf: (requestNumber: number) => Fate | Promise<Fate>
): Promise<SimulatedBroker> => {
  const stored: readonly StoredPartition[] = Array.from({ length: partitions }, () => ({
    batches: [],
    end: 0,
    producers: new Map()
  }))
  const requests: { partition: number; records: number }[][] = []
  const sockets = new Set<Socket>()
  let producerIds = 1_000
  let port = 0

  const write = (partition: number, batch: Buffer): { errorCode: number; offset: number } => {
    const to = stored[partition]!
    const producerId = readInt64(batch, 43)
    const sequence = batch.readInt32BE(53)
    const count = batch.readInt32BE(57)
    const known = to.producers.get(producerId)
    if (known && sequence === known.firstSequence && known.nextSequence === sequence + count)
      return { errorCode: 0, offset: known.offset }
    if (sequence !== (known?.nextSequence ?? 0)) return { errorCode: known ? 45 : 59, offset: -1 }
    const kept = Buffer.from(batch)
    writeInt64(kept, to.end, 0)
    to.batches.push(kept)
    const offset = to.end
    to.end += count
    to.producers.set(producerId, { firstSequence: sequence, nextSequence: sequence + count, offset })
    return { errorCode: 0, offset }
  }

  const produce = async (reader: ProtocolReader): Promise<readonly Uint8Array[] | undefined> => {
    reader.textOrNull()
    reader.int16()
    reader.int32()
    const batches = reader
      .array(() => {
        reader.text()
        return reader.array(() => ({ partition: reader.int32(), bytes: reader.bytes() }))
      })
      .flat()
    requests.push(batches.map(({ partition, bytes }) => ({ partition, records: bytes.readInt32BE(57) })))
    const fate = await fateOf(requests.length)
    if (fate === 'lost-before') return undefined
    const refused = typeof fate === 'object' ? fate : undefined
    const answers = batches.map(({ partition, bytes }) => ({
      partition,
      ...(refused && !refused.isWritten ? { errorCode: 0, offset: -1 } : write(partition, bytes))
    }))
    if (fate === 'lost-after') return undefined
    const writer = protocolWriter()
    writer.array([topic], name => {
      writer.text(name).array(answers, ({ partition, errorCode, offset }) => {
        const code = refused?.errorCode ?? errorCode
        writer
          .int32(partition)
          .int16(code)
          .int64(code === 0 ? offset : -1)
          .int64(-1)
          .int64(0)
          .int32(0)
          .text(null)
      })
    })
    return writer.int32(0).parts()
  }

  const metadata = (): readonly Uint8Array[] => {
    const writer = protocolWriter().int32(0).int32(1)
    writer.int32(1).text('127.0.0.1').int32(port).text(null)
    writer.text('simulated').int32(1).int32(1).int16(0).text(topic).int8(0)
    writer.array(stored, partition => {
      writer.int16(0).int32(stored.indexOf(partition)).int32(1)
      for (const nodes of [[1], [1], []]) writer.array(nodes, node => writer.int32(node))
    })
    return writer.parts()
  }

  const listOffsets = (reader: ProtocolReader): readonly Uint8Array[] => {
    reader.int32()
    reader.int8()
    const asked = reader.array(() => {
      reader.text()
      return reader.array(() => {
        const partition = reader.int32()
        reader.int64()
        return partition
      })
    })
    const writer = protocolWriter().int32(0)
    writer.array([topic], name => {
      writer.text(name).array(asked.flat(), partition => {
        writer.int32(partition).int16(0).int64(-1).int64(stored[partition]!.end)
      })
    })
    return writer.parts()
  }

  const answer = async (apiKey: number, reader: ProtocolReader): Promise<readonly Uint8Array[] | undefined> => {
    switch (apiKey) {
      case 0:
        return produce(reader)
      case 2:
        return listOffsets(reader)
      case 3:
        return metadata()
      case 18: {
        const writer = protocolWriter().int16(0)
        writer.array(apiVersions.needed, ({ apiKey: key, version }) => {
          writer.int16(key).int16(0).int16(version)
        })
        return writer.parts()
      }
      case 22:
        return protocolWriter().int32(0).int16(0).int64(++producerIds).int16(0).parts()
      default:
        return undefined
    }
  }

  const serve = async (socket: Socket, frame: Buffer) => {
    const correlationId = frame.readInt32BE(4)
    const body = await answer(frame.readInt16BE(0), protocolReader(frame.subarray(10 + frame.readInt16BE(8))))
    if (!body) {
      socket.destroy()
      return
    }
    const header = Buffer.alloc(8)
    header.writeInt32BE(4 + body.reduce((sum, { length }) => sum + length, 0), 0)
    header.writeInt32BE(correlationId, 4)
    socket.write(Buffer.concat([header, ...body]))
  }

  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    let received = Buffer.alloc(0)
    // A real broker works on one request of a connection at a time.
    let working = Promise.resolve()
    socket.on('data', chunk => {
      received = Buffer.concat([received, chunk])
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const end = 4 + received.readInt32BE(0)
        const frame = received.subarray(4, end)
        received = received.subarray(end)
        working = working.then(() => serve(socket, frame)).then(() => undefined)
      }
    })
  })
  port = await new Promise<number>((resolve, reject) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (typeof address === 'object' && address) resolve(address.port)
      else reject(new Error('no port'))
    })
  })

  return {
    address: { host: '127.0.0.1', port },
    records: partition => stored[partition]!.batches.flatMap(batch => readBatches(batch, 0).records),
    requests,
    forgetProducers() {
      for (const { producers } of stored) producers.clear()
    },
    close: () =>
      new Promise(resolve => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      })
  }
}
