/**
 * What the engines cannot do alike, asked of whatever engine a query runs on. Kysely keeps such differences in the adapter
 * of a dialect; ours add what the projections need, so that nothing above knows which engine it has.
 */
import type { DialectAdapter, Kysely } from 'kysely'

export interface EngineAdapter extends DialectAdapter {
  /** Waits until nobody else holds `name`, then holds it to the end of the transaction. */
  lockUntilCommit(transaction: Queries, name: string): Promise<void>
}

/** A Kysely, or a transaction of one, whatever its tables. */
export type Queries = Pick<Kysely<unknown>, 'getExecutor'>

/**
 * For what is read and then changed where two processes may be at it: whoever comes second reads what the first has left.
 * Only inside a transaction, and before its first read.
 */
export const lockUntilCommit = (transaction: Queries, name: string): Promise<void> =>
  adapterOf(transaction).lockUntilCommit(transaction, name)

const adapterOf = (queries: Queries): EngineAdapter => {
  const { adapter } = queries.getExecutor()
  if (!('lockUntilCommit' in adapter)) throw new Error('this Kysely was not made by infra/sql')
  return adapter as EngineAdapter
}
