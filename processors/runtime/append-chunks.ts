/** Cuts what is to be appended into pieces that a log, and whoever reads it, takes at once. */
import type { LogRecord } from '../../infra/log/log.ts'

export interface AppendLimits {
  readonly appendRecordsMax: number
  readonly appendBytesMax: number
}

export const appendLimitsDefault: AppendLimits = {
  /** A disk flush costs some milliseconds; spread over this many it no longer counts. */
  appendRecordsMax: 2_000,
  /** Held in memory until the log has it, by each owner; the records of one cause come on top. */
  appendBytesMax: 4 * 1024 * 1024
}

/** What a record holds beside its value: key and headers, about. */
const envelopeBytes = 512

export const recordBytes = ({ value }: LogRecord): number => value.length + envelopeBytes

/** Whole chunks, in order. */
export function* appendChunks(
  records: readonly LogRecord[],
  { appendRecordsMax, appendBytesMax }: AppendLimits
): Generator<readonly LogRecord[], void, undefined> {
  let first = 0
  let bytes = 0
  for (const [n, record] of records.entries()) {
    const size = recordBytes(record)
    if (n > first && (n - first >= appendRecordsMax || bytes + size > appendBytesMax)) {
      yield records.slice(first, n)
      first = n
      bytes = 0
    }
    bytes += size
  }
  if (first < records.length) yield records.slice(first)
}
