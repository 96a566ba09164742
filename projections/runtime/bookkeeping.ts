/**
 * What the runtime itself keeps in the database, for all projections: the generations of each, how far each generation
 * has read each partition, and the records that could not be decoded.
 */

import type { Sql } from './sql.ts'
import { type AnyTableDefinition, createTable, type TableDefinition } from './table.ts'

export interface GenerationRow {
  projection: string
  generation: number
  version: number
  /** `live`: what readers see, one per projection. `retired`: replaced, its tables may still be there. */
  status: 'building' | 'live' | 'retired'
  /** JSON: names of its tables, so that a later version can drop them. */
  tables: string
}

export interface CheckpointRow {
  projection: string
  generation: number
  topic: string
  partition: number
  next_offset: number
  epoch: number
  cause: number
  /** The last record that was applied: its offset and its digest (same-log.ts); null before the first. */
  mark_offset: number | null
  mark: string | null
}

export interface ProblemRow {
  projection: string
  generation: number
  topic: string
  partition: number
  /** Of the record, `topic/partition@record_offset`. */
  record_offset: number
  type: string
  detail: string
  recorded_at: number
}

export type BookkeepingTables = {
  projection_generations: GenerationRow
  projection_checkpoints: CheckpointRow
  projection_problems: ProblemRow
}

const generations: TableDefinition<GenerationRow> = {
  columns: { projection: 'text', generation: 'integer', version: 'integer', status: 'text', tables: 'text' },
  key: ['projection', 'generation']
}

const checkpoints: TableDefinition<CheckpointRow> = {
  columns: {
    projection: 'text',
    generation: 'integer',
    topic: 'text',
    partition: 'integer',
    next_offset: 'bigint',
    epoch: 'bigint',
    cause: 'bigint',
    mark_offset: 'bigint?',
    mark: 'text?'
  },
  key: ['projection', 'generation', 'topic', 'partition']
}

const problems: TableDefinition<ProblemRow> = {
  columns: {
    projection: 'text',
    generation: 'integer',
    topic: 'text',
    partition: 'integer',
    record_offset: 'bigint',
    type: 'text',
    detail: 'text',
    recorded_at: 'bigint'
  },
  key: ['projection', 'generation', 'topic', 'partition', 'record_offset']
}

export const createBookkeeping = async (db: Sql): Promise<void> => {
  const tables: Record<keyof BookkeepingTables, AnyTableDefinition> = {
    projection_generations: generations,
    projection_checkpoints: checkpoints,
    projection_problems: problems
  }
  for (const [name, definition] of Object.entries(tables)) await createTable(db, name, definition, { ifMissing: true })
  await addMarks(db)
}

/** Tables that were made before there were marks get them with the next record that is applied. */
const addMarks = async (db: Sql): Promise<void> => {
  const found = await db.introspection.getTables()
  const columns = found.find(({ name }) => name === 'projection_checkpoints')?.columns ?? []
  if (columns.some(({ name }) => name === 'mark')) return
  const table = db.schema.alterTable('projection_checkpoints')
  await table.addColumn('mark_offset', 'bigint').execute()
  await table.addColumn('mark', 'text').execute()
}
