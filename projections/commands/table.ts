/** What became of each command that somebody sent, by its id. Commands that feeds and the clock write are not here. */
import type { Role } from '../../schemas/generated.ts'
import type { TableDefinitions } from '../runtime/table.ts'

export interface CommandRow {
  id: string
  topic: string
  partition: number
  cause: number
  idempotency_key: string
  /** Who asked, where the events say it. */
  by_role: Role | null
  by_id: string | null
  status: 'decided' | 'refused'
  decided_at: number
  /** JSON: the first events, as {type, subject}. */
  events: string
  /** All of them. */
  event_count: number
  /** JSON: RefusalReason[]. */
  reasons: string
  /** How often it came again, with the same content and with another one. */
  repeats: number
  conflicts: number
}

export type CommandTables = { commands: CommandRow }

export const commandTables: TableDefinitions<CommandTables> = {
  commands: {
    columns: {
      id: 'text',
      topic: 'text',
      partition: 'integer',
      cause: 'bigint',
      idempotency_key: 'text',
      by_role: 'text?',
      by_id: 'text?',
      status: 'text',
      decided_at: 'bigint',
      events: 'text',
      event_count: 'integer',
      reasons: 'text',
      repeats: 'integer',
      conflicts: 'integer'
    },
    // One partition writes a row. The same key used at two processors or PoMs is two commands of one id.
    key: ['id', 'topic', 'partition']
  }
}
