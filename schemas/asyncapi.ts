/**
 * The AsyncAPI 3.0 document of the log (docs/reference/asyncapi.json): every topic with key, partitions and messages, every
 * message with its Avro schema and an example. Made from topics.ts, avro/ and the examples, so it cannot say anything else.
 */
import { decode, encode } from './codec.ts'
import { examples } from './examples.ts'
import { type Message, messageTopic } from './generated.ts'
import { newestVersions } from './golden.ts'
import { jsonText } from './json-text.ts'
import { recordHeaders } from './record-headers.ts'
import { RECORD_BYTES_MAX } from './record-size.ts'
import { type CurrentSchema, readCurrentSchemas } from './schema-files.ts'
import { type TopicWithMessages, topicsWithMessages } from './topic-messages.ts'
import type { TopicDefinition } from './topics.ts'

const AVRO_FORMAT = 'application/vnd.apache.avro;version=1.9.0'
const KAFKA_BINDING = '0.5.0'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

const channelId = (topic: string): string => topic.replace('<AGG>', 'AGG').replaceAll(/[^A-Za-z0-9_]/g, '_')
const reference = (path: string): Json => ({ $ref: `#/${path}` })

const purpose: Readonly<Record<TopicDefinition['kind'], string>> = {
  inbox: 'Commands: all that the processor may react to, in the order in which it reacts.',
  outbox: 'Events: what was decided. Every command has at least one answer here, in the partition of the same number.',
  parked: 'Records that could not be read or applied, with their place and cause.',
  actor: 'Final outcomes that this actor may see; a filter of flex.market.events.'
}

const channel = ({ topic, messages }: TopicWithMessages): Json => {
  const ofOneAggregator = topic.name.includes('<AGG>')
  return {
    address: topic.name.replace('<AGG>', '{aggregatorId}'),
    title: topic.name,
    description: `${purpose[topic.kind]} Written by ${topic.writers.join(', ')}; read by ${topic.readers.join(', ')}. No record is larger than ${RECORD_BYTES_MAX} bytes.`,
    messages: Object.fromEntries(messages.map(type => [type, reference(`components/messages/${type}`)])),
    ...(ofOneAggregator
      ? { parameters: { aggregatorId: { description: 'Id of the aggregator.', examples: ['ACEAE'] } } }
      : {}),
    bindings: {
      kafka: {
        partitions: topic.partitions,
        topicConfiguration: { 'cleanup.policy': ['delete'], 'retention.ms': -1 },
        bindingVersion: KAFKA_BINDING
      }
    }
  }
}

/** From the market's point of view: it receives from inboxes and sends everything else. */
const operation = ({ topic, messages }: TopicWithMessages): Json => {
  const id = channelId(topic.name)
  return {
    action: topic.kind === 'inbox' ? 'receive' : 'send',
    channel: reference(`channels/${id}`),
    summary: `${topic.kind === 'inbox' ? topic.readers.join(', ') : topic.writers.join(', ')} ${topic.kind === 'inbox' ? 'decides the commands' : 'writes'}`,
    messages: messages.map(type => reference(`channels/${id}/messages/${type}`))
  }
}

const keyOf: Readonly<Record<CurrentSchema['folder'], string>> = {
  'flex.grid.commands': 'The PoM (field pom); of what is about the directory of PoDs, the PoD (field pod).',
  'flex.grid.events': 'The PoM (field pom); of what is about the directory of PoDs, the PoD (field pod).',
  'flex.market.commands': 'The PoM (field pom).',
  'flex.market.events': 'The PoM (field pom).',
  'flex.registry.commands': 'The PoD (field pod).',
  'flex.registry.events': 'The PoD (field pod).',
  'flex.runtime': 'Of an answer, the key of the command; otherwise the position that it is about.'
}

const withoutType = (message: Message): Json => {
  const { type: _, ...fields } = message
  return fields as unknown as Json
}

const message = (schema: CurrentSchema, type: Message['type'], version: number): Json => ({
  name: schema.fullName,
  title: type,
  summary: schema.schema.doc,
  contentType: 'application/vnd.apache.avro',
  headers: reference(`components/schemas/${schema.folder.endsWith('.commands') ? 'CommandHeaders' : 'EventHeaders'}`),
  payload: { schemaFormat: AVRO_FORMAT, schema: JSON.parse(schema.text) as Json },
  examples: [
    { name: type, summary: `Version ${version}, as JSON.`, payload: withoutType(decode(encode(examples[type]))) }
  ],
  bindings: {
    kafka: {
      key: { type: 'string', description: keyOf[schema.folder] },
      schemaIdLocation: 'payload',
      schemaIdPayloadEncoding: 'confluent',
      schemaLookupStrategy: 'TopicRecordNameStrategy',
      bindingVersion: KAFKA_BINDING
    }
  }
})

const headers = (of: 'commands' | 'events'): Json => {
  const shown = Object.entries(recordHeaders).filter(([, { on }]) => on === 'all' || on === 'some' || on === of)
  return {
    type: 'object',
    // The runtime's own records answer no command, so what events carry is not required of all that stands in an outbox.
    required: shown.filter(([, { on }]) => on === 'all').map(([name]) => name),
    properties: Object.fromEntries(
      shown.map(([name, { description, pattern }]) => [
        name,
        { type: 'string', description, ...(pattern === undefined ? {} : { pattern }) }
      ])
    )
  }
}

export const asyncapiDocument = (): Json => {
  const schemas = new Map(readCurrentSchemas().map(schema => [schema.schema.name, schema]))
  const versions = newestVersions()
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Flexledger log',
      version: '1',
      description:
        'Every topic of the log. A value is Avro in the Confluent wire format (0x00, 4-byte schema id, body); headers are CloudEvents in Kafka’s binary mode. Nothing is ever deleted, and every version of a schema can be read for ever.',
      license: { name: 'Apache-2.0' }
    },
    defaultContentType: 'application/vnd.apache.avro',
    channels: Object.fromEntries(topicsWithMessages.map(entry => [channelId(entry.topic.name), channel(entry)])),
    operations: Object.fromEntries(
      topicsWithMessages.map(entry => [
        `${entry.topic.kind === 'inbox' ? 'receive' : 'send'}_${channelId(entry.topic.name)}`,
        operation(entry)
      ])
    ),
    components: {
      messages: Object.fromEntries(
        (Object.keys(messageTopic) as Message['type'][]).map(type => [
          type,
          message(schemas.get(type)!, type, versions.get(type)?.version ?? 0)
        ])
      ),
      schemas: { CommandHeaders: headers('commands'), EventHeaders: headers('events') }
    }
  }
}

export const asyncapiFiles = (): ReadonlyMap<string, string> =>
  new Map([['docs/reference/asyncapi.json', `${jsonText(asyncapiDocument())}\n`]])
