/**
 * What became of a command: for whoever gave it, and for the administrator. Some answers do not name who asked; then it is
 * whoever can have made the id, which is a digest of the actor and the idempotency key.
 */
import { commandId } from '../../infra/log/envelope.ts'
import type { RefusalReason } from '../../schemas/generated.ts'
import type { Actor } from '../runtime/actor.ts'
import type { Position } from '../runtime/projection.ts'
import type { Sql } from '../runtime/sql.ts'
import type { CommandRow, CommandTables } from './table.ts'

export interface CommandStatus {
  readonly id: string
  readonly status: 'decided' | 'refused'
  /** The outbox that has the answer. */
  readonly topic: string
  readonly partition: number
  readonly cause: number
  readonly decidedAt: number
  /** The first 100. */
  readonly events: readonly { readonly type: string; readonly subject: string }[]
  readonly eventCount: number
  readonly reasons: readonly RefusalReason[]
  /** How often it came again with the same content, and how often with another one (each refused). */
  readonly repeats: number
  readonly conflicts: number
  readonly position: Position
}

/** Of several answers to one id (one key used at several PoMs) the latest. */
export const getCommand = async (db: Sql, id: string, visibleTo: Actor): Promise<CommandStatus | undefined> => {
  const rows = await db
    .withTables<CommandTables>()
    .selectFrom('commands')
    .selectAll()
    .where('id', '=', id)
    .orderBy('decided_at', 'desc')
    .orderBy('topic')
    .orderBy('partition')
    .execute()
  const row = rows.find(candidate => isVisible(candidate, visibleTo))
  return row && statusOf(row)
}

const isVisible = (row: CommandRow, { role, id }: Actor): boolean => {
  if (role === 'administrator') return true
  if (row.by_role !== null) return row.by_role === role && row.by_id === id
  return commandId(id, row.idempotency_key) === row.id
}

const statusOf = (row: CommandRow): CommandStatus => {
  const { id, status, topic, partition, cause, repeats, conflicts } = row
  return {
    id,
    status,
    topic,
    partition,
    cause,
    decidedAt: row.decided_at,
    events: JSON.parse(row.events) as CommandStatus['events'],
    eventCount: row.event_count,
    reasons: JSON.parse(row.reasons) as RefusalReason[],
    repeats,
    conflicts,
    position: { topic, partition, cause }
  }
}
