/**
 * Operating errors: something outside the rules failed (a log, a database, the configuration). One catalogue, so that an
 * operator finds every code on one page (docs/reference/errors.md, held equal by a test).
 *
 * A refusal of the market is an event, never one of these; a broken invariant is an assertion. Who catches a FlexError
 * retries with a bound or parks: `code` decides, the message is for people.
 */

export interface ErrorEntry {
  readonly meaning: string
  /** What the person on call does. */
  readonly remedy: string
}

const entries = {
  FLEX_CONFIG_INVALID: {
    meaning: 'The environment does not describe a configuration. The message lists every problem, not only the first.',
    remedy: 'Correct the variables named; docs/reference/configuration.md lists them all.'
  },
  FLEX_ENGINE_FAILED: {
    meaning: 'An engine (broker, registry, database) that was started here ended, or was not ready within its bounds.',
    remedy: 'The message shows the end of its log; the whole log lies in the folder of the engine.'
  },
  FLEX_ENGINE_UNAVAILABLE: {
    meaning: 'An engine cannot be started on this machine as it is: a program, a download or a right is missing.',
    remedy: 'The message names what is missing and the command that brings it.'
  },
  FLEX_EVENT_STORE_FOREIGN_STREAM: {
    meaning: 'A stream of the event store ends with an event that the mirror did not write there. It was left alone.',
    remedy: 'Give the mirror a store of its own, or an empty one: it is filled from the log.'
  },
  FLEX_EVENT_STORE_UNAVAILABLE: {
    meaning: 'The event store that mirrors the log did not take or give an event. The market does not wait for it.',
    remedy: 'Look at FLEX_EVENTSTORE_URL and at the store. The mirror goes on where the streams end.'
  },
  FLEX_LOG_CLOSED: {
    meaning: 'The log was used after it was closed.',
    remedy: 'Nothing, if the process is stopping; otherwise a defect: report it.'
  },
  FLEX_LOG_OVERLOADED: {
    meaning: 'More appends wait for the disk or the brokers than the log keeps in memory. This append was not written.',
    remedy:
      'The writer slows down and tries again. If it lasts, look at the disk, the brokers and the rate of the writers.'
  },
  FLEX_LOG_REFUSED: {
    meaning: 'The brokers do not allow this process what it asks for: a topic, a group or the cluster.',
    remedy: 'Give the name of its certificate the permission that the message names, or correct the certificate.'
  },
  FLEX_LOG_TOPIC_MISMATCH: {
    meaning: 'A topic exists with another number of partitions, or the number asked for is not possible.',
    remedy: 'Partition counts are permanent: start with the declared ones on an empty log, or correct the declaration.'
  },
  FLEX_LOG_TOPIC_SETTINGS: {
    meaning: 'A topic could lose history or acknowledged records: its settings are not those that the log rests on.',
    remedy: 'Correct the settings that the message names with the tools of the broker, then start again.'
  },
  FLEX_LOG_TRUNCATED: {
    meaning: 'Records that were on the log are gone: deleted from its beginning, or lost at its end with a broker.',
    remedy:
      'Stop the writers and restore the topic from a replica or a backup. What was decided from lost records stands only in projections.'
  },
  FLEX_LOG_UNAVAILABLE: {
    meaning:
      'The log could not be reached, read or written within its bounds. An append may have happened, wholly or in part.',
    remedy:
      'Look at the cause in the message (disk full, file locked, broker gone). Owners of partitions recover by themselves.'
  },
  FLEX_LOG_UNKNOWN_PARTITION: {
    meaning: 'The topic exists and has no such partition.',
    remedy: 'A defect or two versions with different partition counts: compare the declared topics.'
  },
  FLEX_LOG_UNKNOWN_TOPIC: {
    meaning: 'The topic does not exist. Topics are created only by a declaration, never by use.',
    remedy: 'Start the role that declares the topic, or correct the name.'
  },
  FLEX_REGISTRY_ID_TAKEN: {
    meaning:
      'An id that the bytes on the log carry stands for another schema in the schema registry. Nothing was written to the log.',
    remedy:
      'Give Flexledger a registry, or a part of one, that has its own ids; the message names what stands in the way.'
  },
  FLEX_REGISTRY_INCOMPATIBLE: {
    meaning: 'The schema registry refuses a new version of a message, because an earlier one could not follow it.',
    remedy: 'A change that breaks is a new message: undo it and add one. The message has the reason of the registry.'
  },
  FLEX_REGISTRY_REFUSED: {
    meaning: 'The schema registry answered a call that it should take with a refusal; the message has its reason.',
    remedy: 'Look at the rights and the mode of the registry (read-only?), and at its version.'
  },
  FLEX_REGISTRY_UNAVAILABLE: {
    meaning:
      'The schema registry did not answer within its bounds, or not as one. Ids that are known go on being used.',
    remedy: 'Look at FLEX_REGISTRY_URL and at the registry. Readers that wait for it go on once it is back.'
  },
  FLEX_SQL_MIGRATION_MISMATCH: {
    meaning: 'The database was changed by migrations that this version does not know, or knows in another order.',
    remedy: 'Start the version that wrote it, or give an empty database: tables are rebuilt from the log.'
  },
  FLEX_SQL_REFUSED: {
    meaning:
      'The database server is there and does not let this process in, or not do this: user, password, database, rights, encryption or encoding.',
    remedy: 'Correct FLEX_DATABASE_URL or the rights of its user; the message says which. Waiting does not mend it.'
  },
  FLEX_SQL_UNAVAILABLE: {
    meaning: 'The database could not be opened, read or written within its bounds.',
    remedy: 'Look at the cause in the message. A projection continues from its checkpoint once the database is back.'
  }
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof entries

export const errorCatalogue: Readonly<Record<ErrorCode, ErrorEntry>> = entries

export class FlexError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(`${code}: ${message}`, options)
    this.name = 'FlexError'
    this.code = code
  }
}

export const isFlexError = (error: unknown, code?: ErrorCode): error is FlexError =>
  error instanceof FlexError && (code === undefined || error.code === code)
