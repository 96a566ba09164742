/** The account of a delivery day: from the tables of the projections to a document and to a page that one reads. */
import type { Kysely } from 'kysely'
import { type DaySummary, daySummary } from '../../projections/outcomes/query.ts'
import { listSessions, type Session } from '../../projections/sessions/query.ts'
import { table } from '../output.ts'

export interface SessionLine {
  readonly id: string
  readonly type: 'DA' | 'RT'
  readonly status: string
  readonly algorithm: string
  /** In the book, with what earlier sessions brought along. */
  readonly requests: number
  readonly offers: number
  readonly acceptedOffers: number
  readonly askedWh: number
  readonly offeredWh: number
  readonly acceptedWh: number
  readonly residualWh: number
  readonly curtailedWh: number
  readonly priceMin: number | null
  readonly priceAverage: number | null
  readonly priceMax: number | null
  readonly costMicroEur: number
  readonly gap: number
}

export interface DayAccount {
  readonly sessions: readonly SessionLine[]
  readonly actors: DaySummary['actors']
}

export const dayAccount = async (db: Kysely<object>, date: string): Promise<DayAccount> => {
  const { sessions, actors } = await daySummary(db, { deliveryDate: date })
  const states = new Map<string, Session>()
  let after: string | undefined
  do {
    const page = await listSessions(db, {
      visibleTo: { role: 'administrator', id: 'cli' },
      date,
      limit: 1_000,
      ...(after ? { after } : {})
    })
    for (const session of page.items) states.set(session.sessionId, session)
    after = page.next
  } while (after)
  return {
    actors,
    sessions: sessions.map((account): SessionLine => {
      const state = states.get(account.sessionId)
      const totals = state?.finalised ?? state?.cleared
      const asked = totals ? totals.dso.askedWattMtus + totals.tso.askedWattMtus : account.askedWattMtus
      return {
        id: account.sessionId,
        type: account.type === 'dayAhead' ? 'DA' : 'RT',
        status: state?.status ?? 'open',
        algorithm: state?.cleared?.algorithm ?? '',
        requests: totals?.requests ?? 0,
        offers: totals?.offers ?? account.offers,
        acceptedOffers: account.acceptedOffers,
        askedWh: asked / 4,
        offeredWh: account.offeredWattMtus / 4,
        acceptedWh: account.acceptedWattMtus / 4,
        residualWh: account.residualWattMtus / 4,
        curtailedWh: account.curtailedWattMtus / 4,
        priceMin: account.priceMin,
        priceAverage: account.priceAverage,
        priceMax: account.priceMax,
        costMicroEur: account.costMicroEur,
        gap: state?.cleared?.gap ?? 0
      }
    })
  }
}

export const euros = (microEur: number): string => (microEur / 1e6).toFixed(2)

const kWh = (wattHours: number): string => (wattHours / 1_000).toFixed(1)
/** µ€ per kWh as €/MWh, which is what one is used to read. */
const perMWh = (price: number | null): string => (price === null ? '–' : (price / 1_000).toFixed(0))

export const readableAccount = ({ sessions, actors }: DayAccount): string =>
  [
    table(
      [
        'session',
        'status',
        'requests',
        'offers',
        'asked kWh',
        'offered kWh',
        'accepted kWh',
        'residual kWh',
        'curtailed kWh',
        'price €/MWh',
        'cost €',
        'gap %',
        'cleared by'
      ],
      sessions.map(session => [
        session.id,
        session.status,
        session.requests,
        session.offers,
        kWh(session.askedWh),
        kWh(session.offeredWh),
        kWh(session.acceptedWh),
        kWh(session.residualWh),
        kWh(session.curtailedWh),
        `${perMWh(session.priceMin)}…${perMWh(session.priceMax)}`,
        euros(session.costMicroEur),
        (session.gap * 100).toFixed(3),
        session.algorithm
      ])
    ),
    '',
    table(
      ['actor', 'role', 'earned €', 'paid €'],
      actors.map(({ id, role, earnedMicroEur, paidMicroEur }) => [id, role, euros(earnedMicroEur), euros(paidMicroEur)])
    )
  ].join('\n')
