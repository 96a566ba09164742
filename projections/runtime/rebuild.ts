/**
 * Builds a projection again from the beginning of the log, into tables of its own, while the live ones are served and go
 * on being written. The switch is one transaction; readers see the old rows before it and the new ones after it, and
 * never older facts than they have seen. The old tables are dropped afterwards.
 *
 * Tables that were built from another log are replaced by those of this one: to rebuild is to say that this log is right.
 *
 * One rebuild of a projection at a time: a second one takes the first one's unfinished tables away, and the first fails.
 */
import type { Log, Partition } from '../../infra/log/log.ts'
import { applyRest } from './component.ts'
import { beginGeneration, dropRetired, isOfAnotherLog, switchGeneration } from './generations.ts'
import { type PartitionApplier, type Problem, partitionApplier } from './partition-applier.ts'
import type { AnyProjection } from './projection.ts'
import { ProjectionError } from './projection-error.ts'
import type { Upserts } from './row-writer.ts'
import type { Sql } from './sql.ts'

/** Tries to switch. Each reads only what was appended during the one before, so a few suffice unless reading is slower than writing. */
const SWITCH_ATTEMPTS_MAX = 50

export interface RebuildProgress extends Partition {
  readonly nextOffset: number
  readonly endOffset: number
}

export interface RebuildOptions {
  readonly db: Sql
  readonly log: Log
  readonly onProgress?: (progress: RebuildProgress) => void
  readonly onProblem?: (problem: Problem) => void
  /** Ends the rebuild between two batches; what was built is dropped by the next one. */
  readonly signal?: AbortSignal
}

/** Resolves with the new live generation. */
export const rebuildProjection = async (
  projection: AnyProjection,
  { db, log, onProgress = () => {}, onProblem = () => {}, signal }: RebuildOptions
): Promise<number> => {
  const generation = await beginGeneration(db, log, projection)
  const replacesAnotherLog = await isOfAnotherLog(db, log, projection)
  const upserts: Upserts = new Map()
  const appliers: { readonly input: Partition; readonly applier: PartitionApplier }[] = []

  for (const { name: topic, partitions } of await log.topics()) {
    if (!projection.topics.includes(topic)) continue
    for (let partition = 0; partition < partitions; partition++) {
      const input = { topic, partition }
      const applier = await partitionApplier(db, projection, generation, input, upserts, onProblem)
      appliers.push({ input, applier })
      const endOffset = await log.endOffset(topic, partition)
      for await (const records of log.read(topic, partition, applier.position().nextOffset)) {
        signal?.throwIfAborted()
        await applier.apply(records)
        onProgress({ ...input, nextOffset: applier.position().nextOffset, endOffset })
      }
    }
  }

  for (let attempt = 1; attempt <= SWITCH_ATTEMPTS_MAX; attempt++) {
    signal?.throwIfAborted()
    for (const { input, applier } of appliers) await applyRest(log, input, applier)
    const behind = await switchGeneration(db, projection, generation, { replacesAnotherLog })
    if (behind.length === 0) {
      await dropRetired(db, projection.name)
      return generation
    }
  }
  throw new ProjectionError('FLEX_PROJECTION_REBUILD_BEHIND', `${projection.name}, after ${SWITCH_ATTEMPTS_MAX} tries.`)
}
