/**
 * What was validated so far, as a party reads it over REST: an aggregator sees its own customers' services, the grid operator
 * everybody's. Only a session's definitive quarter-hours count; the rest is a preview and decided again later.
 */
import type { Movements } from '../network/power-check.ts'
import type { RestClient } from '../rest-client.ts'
import { MTU_MS } from './session-view.ts'

export interface DecidedSession {
  readonly id: string
  /** The quarter-hours for which its result is definitive, ms. */
  readonly from: number
  readonly until: number
}

interface Service {
  readonly unit: { readonly pods: readonly string[] }
  readonly quantity: 'P' | 'Q'
  readonly direction: 'UP' | 'DOWN'
  readonly curtailedWattMtus: number
  readonly allocations: readonly { readonly start: string; readonly end: string; readonly quantity: number }[]
}

export interface ValidatedService extends Service {
  readonly session: DecidedSession
}

export const servicesOf = async (
  client: RestClient,
  sessions: readonly DecidedSession[]
): Promise<readonly ValidatedService[]> => {
  const all: ValidatedService[] = []
  for (const session of sessions)
    for (const service of await client.list<Service>(`/v1/sessions/${session.id}/validated-outcome`))
      all.push({ ...service, session })
  return all
}

/** Every offer of the example is for one point of delivery. */
export const movementsOf = (services: readonly ValidatedService[], mtuStarts: readonly number[]): Movements => {
  const mtuAt = new Map(mtuStarts.map((start, mtu) => [start, mtu]))
  const moved = new Map<string, { readonly p: Float64Array; readonly q: Float64Array }>()
  for (const { unit, quantity: kind, direction, allocations, session } of services) {
    const pod = unit.pods[0]
    if (pod === undefined || allocations.length === 0) continue
    const own = moved.get(pod) ?? { p: new Float64Array(mtuStarts.length), q: new Float64Array(mtuStarts.length) }
    moved.set(pod, own)
    const sum = kind === 'P' ? own.p : own.q
    const sign = direction === 'UP' ? 1 : -1
    for (const { start, end, quantity } of allocations) {
      const until = Math.min(session.until, Date.parse(end))
      for (let at = Math.max(session.from, Date.parse(start)); at < until; at += MTU_MS)
        sum[mtuAt.get(at)!]! += sign * quantity
    }
  }
  return moved
}
