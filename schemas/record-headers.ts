/**
 * What stands in the headers of a record, for those who read the log with their own tools. The names are those of
 * infra/log/envelope.ts, which writes them; a test holds both equal.
 */
export interface HeaderDescription {
  readonly description: string
  readonly on: 'all' | 'commands' | 'events' | 'some' | 'reserved'
  readonly pattern?: string
}

export const recordHeaders: Readonly<Record<string, HeaderDescription>> = {
  ce_specversion: { on: 'all', description: 'CloudEvents version.', pattern: '^1\\.0$' },
  ce_id: {
    on: 'all',
    description:
      'Id of the record, derived from what asked for it or from its position, never random: drop an id that you have had. Of an event: processor/partition/cause/index.'
  },
  ce_type: { on: 'all', description: 'Full name of the message, e.g. flex.market.OfferPlaced.' },
  ce_source: { on: 'all', description: 'Who wrote it, e.g. gateway, clock, feed/registry-to-market, market.' },
  ce_subject: { on: 'all', description: 'The record key: a PoM, a PoD, or the source position of a parked record.' },
  ce_time: { on: 'all', description: 'Time that the decision rests on, ISO 8601 in UTC with milliseconds.' },
  ce_dataschema: { on: 'reserved', description: 'Not written: the value begins with the id of its schema.' },
  correlationid: {
    on: 'some',
    description:
      'The command that this belongs to: equal on the command, on its answers, and on what is fed from those.'
  },
  idempotencykey: { on: 'some', description: 'Of a command from HTTP, and on the first event that answers it.' },
  contentdigest: {
    on: 'some',
    description:
      'SHA-256 (first 32 hex digits) of type and value of a command; on the first event that answers it too.',
    pattern: '^[0-9a-f]{32}$'
  },
  source: {
    on: 'some',
    description:
      'Of a fed command, a filtered copy, and the first answer: where the fact stands, topic/partition@cause.index.'
  },
  cause: {
    on: 'events',
    description: 'Offset of the command that this answers, in the inbox partition of the same number.',
    pattern: '^\\d+$'
  },
  index: { on: 'events', description: 'Place among the answers to that command, from 0.', pattern: '^\\d+$' },
  count: {
    on: 'events',
    description: 'Number of answers to that command; apply them together, when all are there.',
    pattern: '^\\d+$'
  },
  epoch: {
    on: 'events',
    description: 'Offset of the OwnershipTaken of the owner that wrote it; ignore lower epochs than the last one seen.',
    pattern: '^\\d+$'
  },
  traceparent: { on: 'some', description: 'W3C trace context.' },
  salt: { on: 'all', description: 'Salt of the Merkle leaf, 16 bytes as base64.', pattern: '^[A-Za-z0-9+/]{22}==$' }
}
