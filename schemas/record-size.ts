/**
 * How large a record may be, checked by whoever writes one, so that no writer finds out from a broker.
 *
 * What is larger is no record but many records of one cause: one per offer, PoD or element, and a summary with totals and a
 * digest. Readers apply a cause when all of it is there, so nothing is lost by the split.
 */
import { SchemaError } from './errors.ts'

/**
 * Bytes of key, value and headers together. A quarter of a broker's usual limit of 1 MB, so that a batch of several and the
 * bytes that a broker adds still fit.
 */
export const RECORD_BYTES_MAX = 262_144

export interface SizedRecord {
  readonly key: string
  readonly value: Uint8Array
  readonly headers: Readonly<Record<string, string>>
}

/** Bytes of key, value and headers, as UTF-8; what a log adds for itself is not counted. */
export const recordBytes = (record: SizedRecord): number => {
  let bytes = Buffer.byteLength(record.key) + record.value.byteLength
  const { headers } = record
  for (const name in headers) bytes += Buffer.byteLength(name) + Buffer.byteLength(headers[name]!)
  return bytes
}

/** Most bytes that a code unit takes in UTF-8. */
const UNIT_BYTES = 3

/** At least `recordBytes`, without a look at the text: nearly all records are far below the limit. */
const recordBytesAtMost = ({ key, value, headers }: SizedRecord): number => {
  let units = key.length
  for (const name in headers) units += name.length + headers[name]!.length
  return value.byteLength + units * UNIT_BYTES
}

export const assertRecordSize = (topic: string, record: SizedRecord): void => {
  if (recordBytesAtMost(record) <= RECORD_BYTES_MAX) return
  const bytes = recordBytes(record)
  if (bytes <= RECORD_BYTES_MAX) return
  const key = record.key.length > 80 ? `${record.key.slice(0, 80)}…` : record.key
  throw new SchemaError(
    'FLEX_SCHEMA_RECORD_TOO_LARGE',
    `a record of ${bytes} bytes for ${topic}, key ${key}: at most ${RECORD_BYTES_MAX}`
  )
}
