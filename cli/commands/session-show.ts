/** `flexledger session show`. */
import { listMarketOutcome, listRequestOutcomes, listValidatedOutcome } from '../../projections/outcomes/query.ts'
import { getSession } from '../../projections/sessions/query.ts'
import { configOf, openExistingDatabase } from '../app/offline.ts'
import { Finding, printJson, printText, table } from '../output.ts'

interface Flags {
  readonly data?: string
  readonly limit: number
  readonly json?: boolean
}

const visibleTo = { role: 'administrator', id: 'cli' } as const

export const sessionShow = async (sessionId: string, flags: Flags): Promise<void> => {
  const database = await openExistingDatabase(configOf(flags))
  try {
    const db = database.query
    const session = await getSession(db, sessionId, visibleTo)
    if (!session) throw new Finding(`there is no session ${sessionId}`)
    const filter = { visibleTo, sessionId, limit: Math.min(1_000, flags.limit) }
    const isFinal = session.status === 'validated' || session.status === 'notValidated'
    const requests = await listRequestOutcomes(db, { ...filter, limit: 1_000 })
    const offers = isFinal ? await listValidatedOutcome(db, filter) : await listMarketOutcome(db, filter)
    if (flags.json) {
      printJson({ session, requests: requests.items, offers: offers.items })
      return
    }
    const time = (instant: number): string => new Date(instant).toISOString().slice(0, 16).replace('T', ' ')
    const totals = session.finalised ?? session.cleared
    printText(
      [
        `${session.sessionId}  ${session.type}  ${session.status}`,
        `delivery     ${session.deliveryDate} (${session.timeZone}), ${session.mtus} MTU from ${time(session.start)} UTC`,
        `collecting   ${time(session.opensAt)} to ${time(session.closesAt)} UTC, validation until ${time(session.validationEndsAt)} UTC`,
        `PoDs         ${session.podCount}`,
        ...(session.cleared
          ? [`cleared by   ${session.cleared.algorithm}, gap ${session.cleared.gap}, ${session.cleared.nodes} nodes`]
          : []),
        ...(totals
          ? [`offers       ${totals.offers}, accepted ${totals.acceptedOffers}; requests ${totals.requests}`]
          : []),
        '',
        table(
          ['request', 'side', 'direction', 'served Wh', 'residual Wh', 'paid €'],
          requests.items.map(({ requestId, side, direction, servedWattMtus, residualWattMtus, paidMicroEur }) => [
            requestId,
            side,
            direction,
            servedWattMtus / 4,
            residualWattMtus / 4,
            (paidMicroEur / 1e6).toFixed(2)
          ])
        ),
        '',
        table(
          ['rank', 'offer', 'aggregator', 'direction', 'accepted Wh'],
          offers.items.map(({ rank, offerId, aggregatorId, direction, acceptedWattMtus }) => [
            rank,
            offerId,
            aggregatorId,
            direction,
            acceptedWattMtus / 4
          ])
        )
      ].join('\n')
    )
  } finally {
    await database.close()
  }
}
