/**
 * The log port: topics with partitions, records with key, value, headers and timestamp, offsets. Small on purpose; the
 * rules that make it a database (ownership, causes, feeds) live above it, in processors/runtime.
 *
 * An adapter promises: an append is ordered and durable when it resolves; after a crash in the middle of it a *prefix* of
 * the batch is on the log; offsets of a partition only grow (gaps are allowed); a reader sees every record once, in
 * offset order, from any offset on. An append that rejects may have happened, wholly or as a prefix.
 */

export interface TopicSpec {
  readonly name: string
  /** Permanent once created. */
  readonly partitions: number
}

export type Headers = Readonly<Record<string, string>>

/** What is appended. */
export interface LogRecord {
  readonly key: string
  readonly value: Uint8Array
  readonly headers: Headers
  /** Milliseconds since 1970, given by the writer. */
  readonly timestamp: number
}

/** What is read. */
export interface StoredRecord extends LogRecord {
  readonly offset: number
}

export interface Partition {
  readonly topic: string
  readonly partition: number
}

export interface ReadOptions {
  /** Go on with the live tail when the end is reached; otherwise the iteration ends there. Default false. */
  readonly follow?: boolean
  /** Ends the iteration (without an error). */
  readonly signal?: AbortSignal
  /** Most records in one batch. Default 1,000. */
  readonly recordsMax?: number
}

export interface Log {
  /** Creates what is missing; an existing topic with another partition count is an error. */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>
  /** The topics that exist, by name. */
  topics(): Promise<readonly TopicSpec[]>
  /**
   * Appends in order and resolves with the offset of the first record when all are durable. The records of one call stand
   * next to each other only if nobody else wrote to the partition meanwhile.
   */
  append(topic: string, partition: number, records: readonly LogRecord[]): Promise<number>
  /** Batches from `from` on, never empty. */
  read(topic: string, partition: number, from: number, options?: ReadOptions): AsyncIterable<readonly StoredRecord[]>
  /** The offset that the next record will get (or more). */
  endOffset(topic: string, partition: number): Promise<number>
  /**
   * Which partitions this instance should own now, first at once and then at each change, until the signal ends it. Two
   * instances may for a while both believe that they own a partition: correctness never rests on it.
   */
  assignments(group: string, topics: readonly string[], signal: AbortSignal): AsyncIterable<readonly Partition[]>
  close(): Promise<void>
}
