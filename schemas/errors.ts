/**
 * What can be wrong with the bytes or the value of a message. The same form as the other operating errors (a code from a
 * closed list, a message for people); they stand here because schemas depends on nothing.
 */
export const schemaErrors = {
  FLEX_SCHEMA_INVALID_VALUE: {
    meaning:
      'A message does not fit its schema, so nothing was written. The message names the path and what was expected.',
    remedy: 'A defect of the writer: correct the value at the path.'
  },
  FLEX_SCHEMA_MALFORMED: {
    meaning: 'The bytes of a record are not a message of the schema that they name.',
    remedy: 'The record is parked. Compare its bytes with what the writer sent; look for a foreign writer on the topic.'
  },
  FLEX_SCHEMA_RECORD_TOO_LARGE: {
    meaning: 'A record is larger than a topic takes (262,144 bytes with its key and headers). It was not written.',
    remedy: 'Split what is large into many records of one cause and a summary; never raise the limit of one topic.'
  },
  FLEX_SCHEMA_UNKNOWN: {
    meaning: 'The bytes of a record name a schema that this version does not know.',
    remedy: 'A newer version wrote it: upgrade this one. Otherwise look for a foreign writer on the topic.'
  }
} as const

export type SchemaErrorCode = keyof typeof schemaErrors

export class SchemaError extends Error {
  readonly code: SchemaErrorCode

  constructor(code: SchemaErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(`${code}: ${message}`, options)
    this.name = 'SchemaError'
    this.code = code
  }
}

export const isSchemaError = (error: unknown, code?: SchemaErrorCode): error is SchemaError =>
  error instanceof SchemaError && (code === undefined || error.code === code)
