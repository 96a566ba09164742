/**
 * Who sees that a PoD was declared unable to deliver (T-19): the aggregator that said so; the DSO whose PoD the market has it
 * for; the administrator.
 */
import type { ExpressionBuilder } from 'kysely'
import { type Actor, everybody, nobody } from '../runtime/actor.ts'
import { fetchLimit, type Page, type PageRequest, page, positionOf, readCursor } from '../runtime/page.ts'
import type { Position } from '../runtime/projection.ts'
import type { Sql } from '../runtime/sql.ts'
import type { PlaceTables, UnavailabilityRow } from './table.ts'

export interface DeclaredUnavailability {
  readonly pom: string
  readonly pod: string
  readonly aggregatorId: string
  readonly start: number
  /** Exclusive. */
  readonly end: number
  readonly reason: string
  readonly declaredAt: number
  readonly position: Position
}

export interface UnavailabilityFilter extends PageRequest {
  readonly visibleTo: Actor
  readonly pod?: string
  readonly pom?: string
}

/** By PoD, then in time. */
export const listUnavailabilities = async (
  db: Sql,
  filter: UnavailabilityFilter
): Promise<Page<DeclaredUnavailability>> => {
  const after = readCursor('unavailabilities', ['text', 'number', 'number', 'text'], filter.after)
  let query = db
    .withTables<PlaceTables>()
    .selectFrom('unavailabilities')
    .selectAll()
    .where(expression => seesUnavailability(expression, filter.visibleTo))
    .orderBy('pod')
    .orderBy('start')
    .orderBy('end')
    .orderBy('pom')
    .limit(fetchLimit(filter.limit))
  if (after) {
    const [pod, start, end, pom] = after
    query = query.where(({ eb, or, and }) =>
      or([
        eb('pod', '>', pod),
        and([eb('pod', '=', pod), eb('start', '>', start)]),
        and([eb('pod', '=', pod), eb('start', '=', start), eb('end', '>', end)]),
        and([eb('pod', '=', pod), eb('start', '=', start), eb('end', '=', end), eb('pom', '>', pom)])
      ])
    )
  }
  if (filter.pod !== undefined) query = query.where('pod', '=', filter.pod)
  if (filter.pom !== undefined) query = query.where('pom', '=', filter.pom)
  const rows = await query.execute()
  return page(
    'unavailabilities',
    rows,
    filter.limit,
    ({ pod, start, end, pom }) => [pod, start, end, pom],
    unavailabilityOf
  )
}

const seesUnavailability = (
  { eb, exists, selectFrom }: ExpressionBuilder<PlaceTables, 'unavailabilities'>,
  { role, id }: Actor
) => {
  switch (role) {
    case 'aggregator':
      return eb('aggregator_id', '=', id)
    case 'dso':
      return exists(
        selectFrom('noted_pods')
          .select('noted_pods.pod')
          .whereRef('noted_pods.pom', '=', 'unavailabilities.pom')
          .whereRef('noted_pods.pod', '=', 'unavailabilities.pod')
          .where('noted_pods.dso_id', '=', id)
      )
    case 'tso':
      return nobody
    case 'administrator':
      return everybody
  }
}

const unavailabilityOf = (row: UnavailabilityRow): DeclaredUnavailability => ({
  pom: row.pom,
  pod: row.pod,
  aggregatorId: row.aggregator_id,
  start: row.start,
  end: row.end,
  reason: row.reason,
  declaredAt: row.declared_at,
  position: positionOf('flex.market.events', row)
})
