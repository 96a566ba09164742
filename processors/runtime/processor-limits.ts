/** Every bound of a processor, with its unit and reason. */
import { type AppendLimits, appendLimitsDefault } from './append-chunks.ts'
import type { MemoryLimits } from './command-memory.ts'

export interface ProcessorLimits extends AppendLimits, MemoryLimits {
  readonly snapshotEveryEvents: number
}

export const processorLimitsDefault: ProcessorLimits = {
  ...appendLimitsDefault,
  /** A client that was cut off for a month still gets its first answer. */
  keysKeptMs: 35 * 24 * 60 * 60 * 1000,
  /** About 150 bytes each: below 40 MB a partition, and several days of a large city's offers. */
  keysMax: 250_000,
  /** A start folds at most this many events: about a second. */
  snapshotEveryEvents: 50_000
}
