/**
 * The transmission system operator (TSO) of the example: asks at the primary substation only (flow 2b), upward in the evening
 * peak, downward at noon, more in some real-time sessions.
 */
import { netLoad } from '../equipment.ts'
import type { Customer } from '../population.ts'
import type { RestClient } from '../rest-client.ts'
import type { DayContext } from './aggregator.ts'
import { mergeRuns, type SessionView } from './session-view.ts'

const MINIMUM_BID = 100

export const tsoRequestsInto = async (
  client: RestClient,
  customers: readonly Customer[],
  session: SessionView,
  day: DayContext
): Promise<void> => {
  const own = customers.filter(({ pom }) => pom === session.pom)
  const slots = day.mtuStarts.length
  const share = session.marketType === 'dayAhead' ? 0.03 : 0.01
  const ask = (direction: 'UP' | 'DOWN', from: number, to: number): object[] => {
    const runs = session.mtus.flatMap(mtu => {
      const hour = (mtu / slots) * 24
      if (hour < from || hour >= to) return []
      const load = own.reduce((sum, customer) => sum + Math.abs(netLoad(customer, mtu)), 0)
      const quantity = Math.floor((share * load) / 10) * 10
      return quantity >= MINIMUM_BID ? [{ mtu, value: { quantity } }] : []
    })
    const profile = mergeRuns(runs, day.mtuStarts)
    if (profile.length === 0) return []
    return [
      {
        requestId: `${session.id.split('.')[1]}-TSO-${direction}`,
        level: 'primarySubstation',
        location: session.pom,
        pods: [],
        quantity: 'P',
        direction,
        service: 'congestion',
        profile,
        priceLimit: direction === 'DOWN' ? 300_000 : null
      }
    ]
  }
  const requests = [...ask('UP', 17.5, 20.5), ...ask('DOWN', 11, 14)]
  if (requests.length > 0)
    await client.sendAll(`/v1/sessions/${session.id}/requests`, requests, `${day.seed}/${session.id}/tso-requests`)
}
