import { type SqlBool, sql } from 'kysely'

/** For whom a query is answered. Every query takes one: there is no way to ask without saying who asks. */
export interface Actor {
  readonly role: 'aggregator' | 'dso' | 'tso' | 'administrator'
  readonly id: string
}

/** Conditions of a query; the two roles that need no look at the row. */
export const everybody = sql<SqlBool>`1 = 1`
export const nobody = sql<SqlBool>`1 = 0`
