/**
 * The account of a delivery day: what was asked, offered and accepted, at what prices, and who pays whom. For the
 * operator's own use; it shows everybody's money, so no interface to actors may give it out.
 *
 * Each session counts with its last stage. Across sessions only definitive MTUs are added up, for a preliminary result is
 * decided again by a later session (T-02). Σ earned = Σ paid, exactly, in each session and in all.
 */
import type { Sql } from '../runtime/sql.ts'
import type { ServiceTables } from '../services/table.ts'
import type { OutcomeSessionRow, OutcomeTables, Stage } from './table.ts'

export interface ActorAccount {
  /** `operator` of a request, or aggregator. */
  readonly role: 'aggregator' | 'DSO' | 'TSO'
  readonly id: string
  readonly earnedMicroEur: number
  readonly paidMicroEur: number
}

export interface SessionAccount {
  readonly sessionId: string
  readonly pom: string
  readonly type: OutcomeSessionRow['market_type']
  readonly number: number
  /** Null while it is open. */
  readonly stage: Stage | null
  readonly askedWattMtus: number
  /** Placed in this session; offers and requests that stand from an earlier one are in its outcome, not here. */
  readonly offeredWattMtus: number
  readonly offers: number
  readonly acceptedOffers: number
  readonly acceptedWattMtus: number
  readonly residualWattMtus: number
  /** Taken away by the technical outcome. */
  readonly curtailedWattMtus: number
  /** µ€ per kWh; null if nothing was accepted. The average is weighted by quantity, rounded. */
  readonly priceMin: number | null
  readonly priceAverage: number | null
  readonly priceMax: number | null
  readonly costMicroEur: number
  readonly definitiveCostMicroEur: number
  /** Of all its MTUs. */
  readonly actors: readonly ActorAccount[]
}

export interface DaySummary {
  readonly deliveryDate: string
  readonly sessions: readonly SessionAccount[]
  /** Of the definitive MTUs of all sessions. */
  readonly actors: readonly ActorAccount[]
  readonly definitiveCostMicroEur: number
}

export const daySummary = async (
  sql: Sql,
  { deliveryDate }: { readonly deliveryDate: string }
): Promise<DaySummary> => {
  const tables = sql.withTables<OutcomeTables & ServiceTables>()
  const sessions = await tables
    .selectFrom('outcome_sessions')
    .selectAll()
    .where('delivery_date', '=', deliveryDate)
    .orderBy('pom')
    .orderBy('number')
    .execute()
  const definitive = accounts()
  const summaries: SessionAccount[] = []
  for (const session of sessions) summaries.push(await sessionAccount(tables, session, definitive))
  return {
    deliveryDate,
    sessions: summaries,
    actors: definitive.list(),
    definitiveCostMicroEur: summaries.reduce((sum, { definitiveCostMicroEur }) => sum + definitiveCostMicroEur, 0)
  }
}

type Tables = ReturnType<typeof sqlTables>
const sqlTables = (sql: Sql) => sql.withTables<OutcomeTables & ServiceTables>()

const sessionAccount = async (
  tables: Tables,
  { session_id, pom, market_type, number, stage }: OutcomeSessionRow,
  definitive: Accounts
): Promise<SessionAccount> => {
  const offered = await tables
    .selectFrom('offers')
    .select(({ fn }) => [fn.sum('offered_watt_mtus').as('offered'), fn.countAll().as('offers')])
    .where('session_id', '=', session_id)
    .where('status', '=', 'placed')
    .executeTakeFirstOrThrow()
  const asked = await tables
    .selectFrom('requests')
    .select(({ fn }) => fn.sum('asked_watt_mtus').as('asked'))
    .where('session_id', '=', session_id)
    .where('status', '=', 'placed')
    .executeTakeFirstOrThrow()
  // While the session is open no row has a stage; the sums below are then empty.
  const at = stage ?? 'market'
  const services = await tables
    .selectFrom('outcome_services')
    .select(({ fn }) => [
      fn.sum('curtailed_watt_mtus').as('curtailed'),
      fn.min('price_min').as('price_min'),
      fn.max('price_max').as('price_max')
    ])
    .where('session_id', '=', session_id)
    .where('stage', '=', at)
    .executeTakeFirstOrThrow()
  const accepted = await tables
    .selectFrom('outcome_services')
    .select(({ fn }) => fn.countAll().as('offers'))
    .where('session_id', '=', session_id)
    .where('stage', '=', at)
    .where('accepted_watt_mtus', '>', 0)
    .executeTakeFirstOrThrow()
  const requests = await tables
    .selectFrom('outcome_requests')
    .select(({ fn }) => fn.sum('residual_watt_mtus').as('residual'))
    .where('session_id', '=', session_id)
    .where('stage', '=', at)
    .executeTakeFirstOrThrow()
  const shares = await tables
    .selectFrom('outcome_shares')
    .select(({ fn }) => [
      'side',
      'operator',
      'aggregator_id',
      fn.sum('accepted_watt_mtus').as('accepted'),
      fn.sum('paid_micro_eur').as('paid'),
      fn.sum('definitive_micro_eur').as('definitive')
    ])
    .where('session_id', '=', session_id)
    .where('stage', '=', at)
    .groupBy(['side', 'operator', 'aggregator_id'])
    .execute()

  const own = accounts()
  let cost = 0
  let definitiveCost = 0
  let acceptedWattMtus = 0
  for (const { side, operator, aggregator_id, ...sums } of shares) {
    const payer = { role: side, id: operator ?? '' }
    const earner = { role: 'aggregator', id: aggregator_id } as const
    own.pay(payer, earner, Number(sums.paid))
    definitive.pay(payer, earner, Number(sums.definitive))
    cost += Number(sums.paid)
    definitiveCost += Number(sums.definitive)
    acceptedWattMtus += Number(sums.accepted)
  }
  return {
    sessionId: session_id,
    pom,
    type: market_type,
    number,
    stage,
    askedWattMtus: Number(asked.asked ?? 0),
    offeredWattMtus: Number(offered.offered ?? 0),
    offers: Number(offered.offers),
    acceptedOffers: Number(accepted.offers),
    acceptedWattMtus,
    residualWattMtus: Number(requests.residual ?? 0),
    curtailedWattMtus: Number(services.curtailed ?? 0),
    priceMin: services.price_min,
    // µ€ = W·MTU × µ€/kWh / 4000.
    priceAverage: acceptedWattMtus === 0 ? null : Math.round((cost * 4000) / acceptedWattMtus),
    priceMax: services.price_max,
    costMicroEur: cost,
    definitiveCostMicroEur: definitiveCost,
    actors: own.list()
  }
}

type ActorName = Pick<ActorAccount, 'role' | 'id'>
type Accounts = ReturnType<typeof accounts>

const accounts = () => {
  const byActor = new Map<
    string,
    { role: ActorAccount['role']; id: string; earnedMicroEur: number; paidMicroEur: number }
  >()
  const account = ({ role, id }: ActorName) => {
    const known = byActor.get(`${role}/${id}`)
    if (known) return known
    const fresh = { role, id, earnedMicroEur: 0, paidMicroEur: 0 }
    byActor.set(`${role}/${id}`, fresh)
    return fresh
  }
  return {
    pay(payer: ActorName, earner: ActorName, microEur: number): void {
      account(payer).paidMicroEur += microEur
      account(earner).earnedMicroEur += microEur
    },
    list: (): ActorAccount[] =>
      [...byActor.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, actor]) => ({ ...actor }))
  }
}
