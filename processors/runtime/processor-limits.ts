/** Every bound of a processor, with its unit and reason. */
import { type AppendLimits, appendLimitsDefault } from './append-chunks.ts'
import type { MemoryLimits } from './command-memory.ts'

export interface ProcessorLimits extends AppendLimits, MemoryLimits {
  readonly snapshotEveryEvents: number
  readonly snapshotQuietMs: number
  readonly snapshotEventsMax: number
}

export const processorLimitsDefault: ProcessorLimits = {
  ...appendLimitsDefault,
  /** A client that was cut off for a month still gets its first answer. */
  keysKeptMs: 35 * 24 * 60 * 60 * 1000,
  /** About 150 bytes each: below 40 MB a partition, and several days of a large city's offers. */
  keysMax: 250_000,
  /** A start folds at most this many events: about a second. */
  snapshotEveryEvents: 50_000,
  /** A snapshot of a large market takes a second: it waits until nobody has asked anything for a while. */
  snapshotQuietMs: 2_000,
  /** Where it is never quiet, a start folds at most this many: about ten seconds. */
  snapshotEventsMax: 500_000
}
