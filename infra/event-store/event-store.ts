/**
 * The event store port: streams of JSON events, appended behind an expected revision. Used only to mirror what the log
 * holds, for people who work with such a store; nothing is ever decided from it.
 *
 * An adapter promises: the events of one append are in the stream together or not at all, and only if nobody else
 * appended since the revision named. An append that rejects may have happened.
 */

export interface StreamEvent {
  /** A UUID that is the same each time the event is offered. */
  readonly id: string
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
  readonly metadata: Readonly<Record<string, string>>
}

export interface StreamEnd {
  /** From 0. */
  readonly revision: number
  readonly metadata: Readonly<Record<string, unknown>>
}

export interface EventStore {
  /** The last event of a stream; undefined: there is no such stream. */
  endOf(stream: string): Promise<StreamEnd | undefined>
  /**
   * Appends if the stream ends at `after` (undefined: if it does not exist), and gives its new end; undefined if it ends
   * elsewhere, and then nothing was appended. Rejects with FLEX_EVENT_STORE_UNAVAILABLE.
   */
  append(stream: string, events: readonly StreamEvent[], after: number | undefined): Promise<number | undefined>
  close(): Promise<void>
}
