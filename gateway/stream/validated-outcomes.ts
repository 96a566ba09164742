/**
 * Flow 5 as server-sent events: each actor's own topic, from wherever the reader left off (Last-Event-ID), then live.
 *
 * Promises: every record of the topic in the order of its partition, none left out; at least once over reconnections (an
 * `id` in the data that was seen before is dropped by the reader). The stream ends with the access token.
 */
import Type from 'typebox'
import { header } from '../../infra/log/envelope.ts'
import type { Log, StoredRecord } from '../../infra/log/log.ts'
import { decode } from '../../schemas/codec.ts'
import { actorTopic, isOperatorName } from '../../schemas/topics.ts'
import { type Access, type Api, principalOf } from '../api/context.ts'
import { eventJson } from '../api/event-json.ts'
import { streams } from '../api/operation.ts'
import type { CallingActor } from '../auth/principal.ts'
import type { GatewayLimits } from '../limits.ts'
import { ProblemError } from '../problem-reply.ts'
import { eventId, parseEventId } from './event-id.ts'
import { eventWriter } from './event-writer.ts'

const access: Access = { scope: 'market:read', roles: ['aggregator', 'dso', 'tso'] }

/** Records that a stream reads ahead per partition: some 100 kB. */
const recordsMax = 100

export interface StreamOptions {
  readonly log: Log
  readonly limits: GatewayLimits
  readonly operators: { readonly dso: string; readonly tso: string }
}

export interface Streams {
  readonly open: () => number
  closeAll(): void
}

export const validatedOutcomeStream = (app: Api, { log, limits, operators }: StreamOptions): Streams => {
  const openOf = new Map<string, number>()
  const closers = new Set<() => void>()

  const topicOf = ({ role, id }: CallingActor): string => {
    // These topics belong to one operator each; another one of the same role has none here.
    if (role === 'aggregator' && !isOperatorName(id)) return actorTopic({ role, id }).name
    if (role !== 'administrator' && role !== 'aggregator' && operators[role] === id) return actorTopic({ role }).name
    throw new ProblemError('not-found', 'There is no topic of yours.')
  }

  const startOf = async (topic: string, partitions: number, last: string | undefined, from: 'start' | 'end') => {
    if (last !== undefined) {
      const next = parseEventId(last, partitions)
      if (!next) throw new ProblemError('bad-event-id', `Expected ${partitions} offsets with dots between them.`)
      return [...next]
    }
    if (from === 'start') return Array.from({ length: partitions }, () => 0)
    return Promise.all(Array.from({ length: partitions }, (_, partition) => log.endOffset(topic, partition)))
  }

  app.route({
    method: 'GET',
    url: '/v1/validated-outcomes/stream',
    config: { access, isEndless: true },
    schema: {
      ...streams({
        id: 'streamValidatedOutcomes',
        tag: 'Outcomes (flows 3, 5)',
        summary: 'Follow your validated outcomes (flow 5) as server-sent events',
        description: 'Resumes behind Last-Event-ID. Ends with the access token.',
        access
      }),
      headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ maxLength: 2_000 })) }),
      querystring: Type.Object({
        from: Type.Optional(
          Type.Enum(['start', 'end'], { default: 'end', description: 'Where to begin without Last-Event-ID.' })
        )
      })
    },
    async handler(request, reply) {
      const { actor, expiresAt } = principalOf(request)
      const topic = topicOf(actor)
      const spec = (await log.topics()).find(({ name }) => name === topic)
      if (!spec) throw new ProblemError('not-found', 'Nothing was published for you yet.')
      const next = await startOf(topic, spec.partitions, request.headers['last-event-id'], request.query.from ?? 'end')

      const owner = `${actor.role}/${actor.id}`
      const open = openOf.get(owner) ?? 0
      if (open >= limits.streamsPerActor || closers.size >= limits.streamsMax)
        throw new ProblemError('too-many-streams', `${open} streams of yours are open.`, { 'retry-after': '30' })
      openOf.set(owner, open + 1)

      reply.hijack()
      const { raw } = reply
      raw.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff'
      })
      const writer = eventWriter(raw, {
        heartbeatMs: limits.heartbeatMs,
        stallMs: limits.streamStallMs,
        endsInMs: Math.max(0, expiresAt - Date.now())
      })
      const shut = (): void => writer.close('the server stops')
      closers.add(shut)
      raw.write(`retry: 2000\n: ${spec.partitions} partitions\n\n`)

      const follow = async (partition: number): Promise<void> => {
        const batches = log.read(topic, partition, next[partition]!, {
          follow: true,
          signal: writer.closed,
          recordsMax
        })
        for await (const batch of batches)
          for (const record of batch) {
            next[partition] = record.offset + 1
            const event = streamed(record)
            if (event && !(await writer.send({ ...event, id: eventId(next) }))) return
          }
      }
      try {
        await Promise.all(next.map((_, partition) => follow(partition)))
      } catch (error) {
        // The answer has begun, so there is no other to give: the reader comes back with Last-Event-ID.
        request.log.error({ err: error }, 'a stream ended because its topic could not be read')
      } finally {
        writer.close('the log ended')
        closers.delete(shut)
        const left = (openOf.get(owner) ?? 1) - 1
        if (left === 0) openOf.delete(owner)
        else openOf.set(owner, left)
      }
      return reply
    }
  })

  return {
    open: () => closers.size,
    closeAll() {
      for (const close of closers) close()
    }
  }
}

/** Marks of the log's own book-keeping are not for actors. */
const streamed = (record: StoredRecord): { readonly event: string; readonly data: string } | undefined => {
  const type = record.headers[header.type] ?? ''
  if (type.startsWith('flex.runtime.')) return undefined
  const message = decode(record.value)
  return { event: message.type, data: JSON.stringify({ id: record.headers[header.id], ...eventJson(message) }) }
}
