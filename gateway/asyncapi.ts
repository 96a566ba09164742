/**
 * The topics of the log as an AsyncAPI 3 document: what a third party that reads its own topic, or an auditor that reads all
 * of them, must know. Built from the declared topics and the Avro schemas, so it cannot differ from what is written.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { actorTopic, type TopicDefinition, topics } from '../schemas/topics.ts'

const schemaFolder = fileURLToPath(new URL('../schemas/avro/', import.meta.url))

interface AvroRecord {
  readonly name: string
  readonly namespace: string
  readonly doc?: string
}

const isAvroRecord = (value: unknown): value is AvroRecord =>
  typeof value === 'object' && value !== null && 'name' in value && 'namespace' in value

const recordsOf = (folder: string): readonly AvroRecord[] =>
  readdirSync(join(schemaFolder, folder))
    .filter(file => file.endsWith('.avsc'))
    .sort()
    .map(file => JSON.parse(readFileSync(join(schemaFolder, folder, file), 'utf8')) as unknown)
    .filter(isAvroRecord)

const avro = 'application/vnd.apache.avro+json;version=1.9.0'

const cloudEventHeaders = {
  type: 'object',
  description: 'CloudEvents 1.0 in Kafka binary mode, and the position of an event among the answers to commands.',
  required: ['ce_id', 'ce_type', 'ce_source', 'ce_time', 'salt'],
  properties: Object.fromEntries(
    [
      'ce_specversion',
      'ce_id',
      'ce_type',
      'ce_source',
      'ce_subject',
      'ce_time',
      'correlationid',
      'cause',
      'index',
      'count',
      'epoch',
      'salt'
    ].map(name => [name, { type: 'string' }])
  )
}

const messageOf = (record: AvroRecord) => ({
  name: `${record.namespace}.${record.name}`,
  title: record.name,
  ...(record.doc === undefined ? {} : { summary: record.doc }),
  contentType: 'application/octet-stream',
  headers: cloudEventHeaders,
  payload: { schemaFormat: avro, schema: record }
})

/** What a topic carries; a topic of an actor carries the final events of the market, a parked one those of the runtime. */
const messagesOf = ({ kind, name }: TopicDefinition, all: ReadonlyMap<string, readonly AvroRecord[]>) => {
  if (kind === 'parked') return (all.get('flex.runtime') ?? []).filter(record => record.name === 'RecordParked')
  const events = all.get('flex.market.events') ?? []
  if (kind === 'actor')
    return events.filter(record => ['OutcomeValidated', 'RequestValidated', 'SessionFinalised'].includes(record.name))
  const own = all.get(name) ?? []
  return kind === 'outbox' ? [...own, ...(all.get('flex.runtime') ?? [])] : own
}

export const asyncApiDocument = (version: string): Readonly<Record<string, unknown>> => {
  const folders = readdirSync(schemaFolder, { withFileTypes: true }).filter(entry => entry.isDirectory())
  const all = new Map(folders.map(({ name }) => [name, recordsOf(name)] as const))
  const definitions: readonly TopicDefinition[] = [
    ...Object.values(topics),
    actorTopic({ role: 'dso' }),
    actorTopic({ role: 'tso' }),
    { ...actorTopic({ role: 'aggregator', id: 'AGG' }), name: 'validated_outcome_{aggregator}' }
  ]
  const messages = Object.fromEntries([...all.values()].flat().map(record => [record.name, messageOf(record)]))
  const channels = Object.fromEntries(
    definitions.map(topic => [
      topic.name.replaceAll(/[{}]/g, ''),
      {
        address: topic.name,
        description: `Key: ${topic.key}. Written by ${topic.writers.join(', ')}; read by ${topic.readers.join(', ')}.`,
        messages: Object.fromEntries(
          messagesOf(topic, all).map(({ name }) => [name, { $ref: `#/components/messages/${name}` }])
        ),
        ...(topic.name.includes('{') ? { parameters: { aggregator: { description: 'Id of the aggregator.' } } } : {}),
        bindings: {
          kafka: {
            partitions: topic.partitions,
            topicConfiguration: { 'cleanup.policy': ['delete'], 'retention.ms': -1 },
            bindingVersion: '0.5.0'
          }
        }
      }
    ])
  )
  const operations = Object.fromEntries(
    Object.keys(channels).map(name => [
      `read-${name}`,
      { action: 'send', channel: { $ref: `#/channels/${name}` }, summary: `What is published on ${name}.` }
    ])
  )
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Flexledger topics',
      version,
      description:
        'Values are Avro in the Confluent wire format: 0x00, the schema id in 4 bytes, the body. A reader drops a `ce_id` that it has had.',
      license: { name: 'Apache-2.0' }
    },
    defaultContentType: 'application/octet-stream',
    channels,
    operations,
    components: { messages }
  }
}
