/** `flexledger session show`. */
import { listMarketOutcome, listRequestOutcomes, listValidatedOutcome } from '../../projections/outcomes/query.ts'
import { getSession } from '../../projections/sessions/query.ts'
import { configOf, openExistingDatabase } from '../app/offline.ts'
import { firstRows } from '../app/pages.ts'
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
    const isFinal = session.status === 'validated' || session.status === 'notValidated'
    const ofSession = { visibleTo, sessionId }
    const requests = await firstRows(Number.MAX_SAFE_INTEGER, page =>
      listRequestOutcomes(db, { ...ofSession, ...page })
    )
    const offers = isFinal
      ? await firstRows(flags.limit, page => listValidatedOutcome(db, { ...ofSession, ...page }))
      : await firstRows(flags.limit, page => listMarketOutcome(db, { ...ofSession, ...page }))
    if (flags.json) {
      printJson({ session, requests, offers })
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
          requests.map(({ requestId, side, direction, servedWattMtus, residualWattMtus, paidMicroEur }) => [
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
          offers.map(({ rank, offerId, aggregatorId, direction, acceptedWattMtus }) => [
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
