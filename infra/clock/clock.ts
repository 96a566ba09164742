/**
 * The clock port: the only way to the time outside of the log. Decisions never ask it; they take the time that their
 * command carries. `now` is milliseconds since 1970.
 */
export interface Clock {
  now(): number
  /** Resolves at `ms` or later, at once if that is past, and without an error when the signal is aborted. */
  sleepUntil(ms: number, signal?: AbortSignal): Promise<void>
}
