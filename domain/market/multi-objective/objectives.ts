/**
 * What a solution of the market is judged by (MP-CLR-01): the objectives to choose from, all minimised, and the totals of
 * a solution that they are read from. A further objective is one more name, one more line in `objectiveValue` and, where
 * the totals do not hold it yet, one more total.
 */

import type { Book, ClearingOutcome } from '../clearing/book.ts'
import type { Compiled } from '../clearing/compiled-book.ts'
import type { Grants } from '../clearing/grants.ts'
import { type Reliability, unreliabilityOf } from './reliability.ts'

export const objectives = [
  'cost', // what is accepted, at bid prices
  'unreliability', // expected non-delivery
  'number-of-units' // units with anything accepted: each is a setpoint, a meter and a settlement
] as const

export type Objective = (typeof objectives)[number]

export const isObjective = (name: string): name is Objective => objectives.some(objective => objective === name)

/** What the objectives are read from; exact. */
export interface Judged {
  /** Ticks of 1/4000 µ€. */
  readonly cost: bigint
  /** Σ accepted × (1 − reliability), millionths of a W·MTU. */
  readonly nonDelivery: bigint
  readonly units: number
}

export interface Service {
  /** W·MTU. */
  readonly dsoServed: number
  /** W·MTU. */
  readonly tsoServed: number
}

export interface Totals extends Judged, Service {
  /** The DSO's part of the cost, and of the expected non-delivery. */
  readonly dsoCost: bigint
  readonly dsoNonDelivery: bigint
}

export const objectiveValue = (objective: Objective, judged: Judged): number => {
  switch (objective) {
    case 'cost':
      return Number(judged.cost)
    case 'unreliability':
      return Number(judged.nonDelivery)
    case 'number-of-units':
      return judged.units
  }
}

/** The totals of an outcome that was cleared at the bids' own prices. */
export const totalsOf = (book: Book, outcome: ClearingOutcome, reliability: Reliability): Totals => {
  const unitOf = new Map(book.offers.map(offer => [offer.id, offer.unit]))
  const units = new Set<string>()
  let nonDelivery = 0n
  let dsoNonDelivery = 0n
  for (const { id, allocations } of outcome.offers) {
    const unit = unitOf.get(id)
    if (unit === undefined) throw new Error(`totalsOf: the outcome names offer ${id}, which is not in the book`)
    const unreliability = BigInt(unreliabilityOf(unit, reliability))
    for (const { mtus, power, side } of allocations) {
      const expected = BigInt(mtus) * BigInt(power) * unreliability
      units.add(unit)
      nonDelivery += expected
      if (side === 'DSO') dsoNonDelivery += expected
    }
  }
  return {
    dsoServed: outcome.dso.served,
    tsoServed: outcome.tso.served,
    cost: outcome.dso.bidCostTicks + outcome.tso.bidCostTicks,
    nonDelivery,
    units: units.size,
    dsoCost: outcome.dso.bidCostTicks,
    dsoNonDelivery
  }
}

/** The totals of grants: which offer serves which request in which MTU, with how much, at which bid price. */
export const totalsOfGrants = (compiled: Compiled, grants: Grants, unitUnreliability: Float64Array): Totals => {
  const served = { dso: 0, tso: 0 }
  const cost = { dso: 0n, tso: 0n }
  const nonDelivery = { dso: 0n, tso: 0n }
  const units = new Set<number>()
  for (let k = 0; k < grants.count; k++) {
    const side = compiled.requestIsDso[grants.request[k]!] === 1 ? 'dso' : 'tso'
    const unit = compiled.offerUnit[grants.offer[k]!]!
    const power = grants.power[k]!
    served[side] += power
    cost[side] += BigInt(power) * BigInt(grants.price[k]!)
    nonDelivery[side] += BigInt(power) * BigInt(unitUnreliability[unit]!)
    units.add(unit)
  }
  return {
    dsoServed: served.dso,
    tsoServed: served.tso,
    cost: cost.dso + cost.tso,
    nonDelivery: nonDelivery.dso + nonDelivery.tso,
    units: units.size,
    dsoCost: cost.dso,
    dsoNonDelivery: nonDelivery.dso
  }
}
