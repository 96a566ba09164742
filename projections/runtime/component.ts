/**
 * A projection as a component of the host: one worker per partition of its topics. A worker whose generation was replaced
 * by a rebuild, or whose partition somebody else applied meanwhile, takes the checkpoint of the live generation and reads
 * from there; the host does not notice.
 */
import type { Component, Worker } from '../../infra/host/host.ts'
import type { Log, Partition } from '../../infra/log/log.ts'
import { prepareProjection, servedGeneration } from './generations.ts'
import { type PartitionApplier, type Problem, partitionApplier } from './partition-applier.ts'
import type { AnyProjection } from './projection.ts'
import { isProjectionError, ProjectionError } from './projection-error.ts'
import type { Upserts } from './row-writer.ts'
import type { Sql } from './sql.ts'

export interface ProjectionOptions {
  /** Called after the commit that noted it; for a metric and the log. */
  readonly onProblem?: (problem: Problem) => void
}

export const projectionComponent = (
  projection: AnyProjection,
  db: Sql,
  log: Log,
  { onProblem = () => {} }: ProjectionOptions = {}
): Component => {
  // Statements of a generation, shared by its workers.
  let statements: { readonly generation: number; readonly upserts: Upserts } | undefined

  // The worker that comes first makes the tables, and the others wait for it. Later ones only look up the generation; if
  // that fails (the server is gone, or somebody has emptied the database), the next start makes what is missing.
  let prepared: Promise<number> | undefined

  const generationToWrite = async (): Promise<number> => {
    const isFirst = prepared === undefined
    prepared ??= prepareProjection(db, log, projection)
    const mine = prepared
    try {
      const made = await mine
      const live = isFirst ? made : await servedGeneration(db, projection)
      if (live !== undefined) return live
      throw new ProjectionError('FLEX_PROJECTION_OVERTAKEN', `${projection.name} has no live generation any more.`)
    } catch (error) {
      if (prepared === mine) prepared = undefined
      throw error
    }
  }

  const openApplier = async (partition: Partition): Promise<PartitionApplier> => {
    const generation = await generationToWrite()
    if (statements?.generation !== generation) statements = { generation, upserts: new Map() }
    return partitionApplier(db, projection, generation, partition, statements.upserts, onProblem)
  }

  return {
    name: `projection.${projection.name}`,
    inputs: projection.topics,
    isReader: true,
    worker: input =>
      projectionWorker(`projection/${projection.name} ${input.topic}/${input.partition}`, input, log, openApplier)
  }
}

const projectionWorker = (
  name: string,
  input: Partition,
  log: Log,
  openApplier: (partition: Partition) => Promise<PartitionApplier>
): Worker => {
  let applier: PartitionApplier | undefined

  return {
    name,
    input,
    async start() {
      applier = await openApplier(input)
      return applier.position().nextOffset
    },
    async handle(batch) {
      if (!applier) throw new Error(`${name}: handle before start`)
      try {
        await applier.apply(batch)
      } catch (error) {
        if (!isProjectionError(error, 'FLEX_PROJECTION_OVERTAKEN')) throw error
        applier = await openApplier(input)
        await applyRest(log, input, applier)
      }
    }
  }
}

/** From the applier's position to the end that the log has now. */
export const applyRest = async (
  log: Log,
  { topic, partition }: Partition,
  applier: PartitionApplier
): Promise<void> => {
  for await (const records of log.read(topic, partition, applier.position().nextOffset)) await applier.apply(records)
}
