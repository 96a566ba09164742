/**
 * An EventStoreDB as far as eventstoredb.ts uses one: the gRPC protocol of the client (its own generated messages) over
 * streams in memory. With `batches` it says that it knows batch appends, as servers since 21.10 do; without, it is older.
 */

import features from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
import featureMessages from '@eventstore/db-client/generated/serverfeatures_pb.js'
import messages from '@eventstore/db-client/generated/shared_pb.js'
import status from '@eventstore/db-client/generated/status_pb.js'
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js'
import streamMessages from '@eventstore/db-client/generated/streams_pb.js'
import grpc from '@grpc/grpc-js'
import any from 'google-protobuf/google/protobuf/any_pb.js'

interface Stored {
  readonly id: string
  readonly type: string
  readonly contentType: string
  readonly data: Uint8Array
  readonly metadata: Uint8Array
}

export interface EventStoreDbDouble {
  readonly url: string
  readonly streams: Map<string, Stored[]>
  /** Names of the calls that came. */
  readonly calls: string[]
  /** Takes calls and answers none. */
  hang(hangs: boolean): void
  /** The next append happens, and its answer is lost. */
  loseNextAnswer(): void
  stop(): Promise<void>
}

type ExpectedRevision = number | 'no-stream' | 'any'
type Appended = { readonly revision: number } | { readonly current: number | undefined }

export const eventStoreDbDouble = async ({ batches }: { readonly batches: boolean }): Promise<EventStoreDbDouble> => {
  const streams = new Map<string, Stored[]>()
  const calls: string[] = []
  let hangs = false
  let losesNext = false

  const append = (name: string, expected: ExpectedRevision, events: readonly Stored[]): Appended => {
    const known = streams.get(name) ?? []
    const current = known.length === 0 ? undefined : known.length - 1
    if (expected !== 'any' && (expected === 'no-stream' ? undefined : expected) !== current) return { current }
    streams.set(name, [...known, ...events])
    return { revision: known.length + events.length - 1 }
  }

  const isLost = (): boolean => {
    const lost = losesNext
    losesNext = false
    return lost
  }

  const server = new grpc.Server()
  server.addService(streamsService.StreamsService as unknown as grpc.ServiceDefinition, {
    read(call: grpc.ServerWritableStream<streamMessages.ReadReq, streamMessages.ReadResp>) {
      calls.push('read')
      if (hangs) return
      const options = call.request.getOptions()!
      const identifier = options.getStream()!.getStreamIdentifier()!
      const name = textOf(identifier.getStreamName_asU8())
      const events = streams.get(name)
      const answer = new streamMessages.ReadResp()
      if (events === undefined) {
        const missing = new streamMessages.ReadResp.StreamNotFound()
        missing.setStreamIdentifier(identifier)
        answer.setStreamNotFound(missing)
      } else answer.setEvent(lastEvent(identifier, events))
      call.write(answer)
      call.end()
    },
    append(
      call: grpc.ServerReadableStream<streamMessages.AppendReq, streamMessages.AppendResp>,
      callback: grpc.sendUnaryData<streamMessages.AppendResp>
    ) {
      calls.push('append')
      let name = ''
      let expected: ExpectedRevision = 'any'
      const events: Stored[] = []
      call.on('data', (request: streamMessages.AppendReq) => {
        const options = request.getOptions()
        if (options) {
          name = textOf(options.getStreamIdentifier()!.getStreamName_asU8())
          expected = options.hasNoStream() ? 'no-stream' : options.hasRevision() ? Number(options.getRevision()) : 'any'
        }
        const message = request.getProposedMessage()
        if (message) events.push(storedOf(message))
      })
      call.on('end', () => {
        if (hangs) return
        const done = append(name, expected, events)
        if (isLost()) {
          callback({ code: grpc.status.UNAVAILABLE, message: 'gone' })
          return
        }
        const answer = new streamMessages.AppendResp()
        if ('revision' in done) {
          const success = new streamMessages.AppendResp.Success()
          success.setCurrentRevision(String(done.revision))
          answer.setSuccess(success)
        } else {
          const wrong = new streamMessages.AppendResp.WrongExpectedVersion()
          if (done.current === undefined) wrong.setCurrentNoStream(new messages.Empty())
          else wrong.setCurrentRevision(String(done.current))
          answer.setWrongExpectedVersion(wrong)
        }
        callback(null, answer)
      })
    },
    batchAppend(call: grpc.ServerDuplexStream<streamMessages.BatchAppendReq, streamMessages.BatchAppendResp>) {
      calls.push('batchAppend')
      const open = new Map<string, { options: streamMessages.BatchAppendReq.Options; events: Stored[] }>()
      call.on('data', (request: streamMessages.BatchAppendReq) => {
        if (hangs) return
        const id = request.getCorrelationId()!
        const options = request.getOptions()
        if (options) open.set(id.getString(), { options, events: [] })
        const batch = open.get(id.getString())!
        batch.events.push(...request.getProposedMessagesList().map(storedOf))
        if (!request.getIsFinal()) return
        open.delete(id.getString())
        const identifier = batch.options.getStreamIdentifier()!
        const expected = batch.options.hasNoStream() ? 'no-stream' : Number(batch.options.getStreamPosition())
        const done = append(textOf(identifier.getStreamName_asU8()), expected, batch.events)
        if (isLost()) {
          call.emit('error', Object.assign(new Error('gone'), { code: grpc.status.UNAVAILABLE }))
          return
        }
        const answer = new streamMessages.BatchAppendResp()
        answer.setCorrelationId(id)
        answer.setStreamIdentifier(identifier)
        if ('revision' in done) {
          const success = new streamMessages.BatchAppendResp.Success()
          success.setCurrentRevision(String(done.revision))
          answer.setSuccess(success)
        } else answer.setError(wrongVersion(done.current))
        call.write(answer)
      })
      call.on('end', () => call.end())
    }
  })
  server.addService(features.ServerFeaturesService as unknown as grpc.ServiceDefinition, {
    getSupportedMethods(_: unknown, callback: grpc.sendUnaryData<featureMessages.SupportedMethods>) {
      calls.push('features')
      if (hangs) return
      const supported = new featureMessages.SupportedMethods()
      supported.setEventStoreServerVersion('23.10.0-double')
      if (batches) {
        const method = new featureMessages.SupportedMethod()
        method.setServiceName('event_store.client.streams.Streams')
        method.setMethodName('batchappend')
        supported.addMethods(method)
      }
      callback(null, supported)
    }
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound)
    )
  })
  return {
    url: `esdb://127.0.0.1:${port}?tls=false&maxDiscoverAttempts=2&discoveryInterval=50`,
    streams,
    calls,
    hang: value => {
      hangs = value
    },
    loseNextAnswer: () => {
      losesNext = true
    },
    stop: async () => server.forceShutdown()
  }
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

interface Proposed {
  getId(): messages.UUID | undefined
  getMetadataMap(): { get(name: string): string | undefined }
  getData_asU8(): Uint8Array
  getCustomMetadata_asU8(): Uint8Array
}

const storedOf = (message: Proposed): Stored => ({
  id: message.getId()?.getString() ?? '',
  type: message.getMetadataMap().get('type') ?? '',
  contentType: message.getMetadataMap().get('content-type') ?? '',
  data: message.getData_asU8(),
  metadata: message.getCustomMetadata_asU8()
})

const lastEvent = (identifier: messages.StreamIdentifier, events: readonly Stored[]) => {
  const { id, type, contentType, data, metadata } = events.at(-1)!
  const uuid = new messages.UUID()
  uuid.setString(id)
  const recorded = new streamMessages.ReadResp.ReadEvent.RecordedEvent()
  recorded.setId(uuid)
  recorded.setStreamIdentifier(identifier)
  recorded.setStreamRevision(String(events.length - 1))
  recorded.setPreparePosition('0')
  recorded.setCommitPosition('0')
  recorded.getMetadataMap().set('type', type)
  recorded.getMetadataMap().set('content-type', contentType)
  recorded.getMetadataMap().set('created', '0')
  recorded.setData(data)
  recorded.setCustomMetadata(metadata)
  const read = new streamMessages.ReadResp.ReadEvent()
  read.setEvent(recorded)
  return read
}

const wrongVersion = (current: number | undefined) => {
  const wrong = new messages.WrongExpectedVersion()
  if (current === undefined) wrong.setCurrentNoStream(new messages.Empty())
  else wrong.setCurrentStreamRevision(String(current))
  const details = new any.Any()
  details.pack(wrong.serializeBinary(), 'event_store.client.WrongExpectedVersion')
  const error = new status.Status()
  error.setDetails(details)
  return error
}
