/**
 * From genes to a solution of a divisible book: its steps are served in the order of price and surcharge. No solver, so a
 * search can afford thousands of solutions; and no repair, since every order serves the most that can be served.
 */

import { addGrant, type Grants, noGrants } from '../clearing/grants.ts'
import { place } from '../clearing/pool.ts'
import { bestFirst, type Order } from './best-first.ts'
import { type Accept, type Cell, type CellGroup, type DivisibleBook, empty, serve } from './divisible-book.ts'
import type { Judged } from './objectives.ts'
import { surchargeOf } from './preference.ts'

/** What `judge` and `realise` need besides the genes. */
export interface DivisibleDecoder {
  readonly book: DivisibleBook
  readonly weightMax: number
}

export const divisibleDecoder = (book: DivisibleBook): DivisibleDecoder => ({
  book,
  // A millionth of a difference in reliability then outweighs every difference in price.
  weightMax: 1e6 * (book.highestPrice + 1)
})

/** The sums of the solution, exactly. */
export const judge = (decoder: DivisibleDecoder, genes: Float64Array): Judged => {
  const { stepPrice, stepUnit, unitUnreliability } = decoder.book
  const isUsed = new Uint8Array(unitUnreliability.length)
  let units = 0
  let cost = 0n
  let nonDelivery = 0n
  // Within a cell doubles are exact (1e8 W at 50 €/kWh is below 2^53), and much faster.
  let cellCost = 0
  let cellNonDelivery = 0
  visit(
    decoder,
    genes,
    (step, _position, amount) => {
      const unit = stepUnit[step]!
      cellCost += amount * stepPrice[step]!
      cellNonDelivery += amount * unitUnreliability[unit]!
      if (isUsed[unit] === 0) units++
      isUsed[unit] = 1
    },
    () => {
      cost += BigInt(cellCost)
      nonDelivery += BigInt(cellNonDelivery)
      cellCost = 0
      cellNonDelivery = 0
    }
  )
  return { cost, nonDelivery, units }
}

/** Which request each accepted part serves, exactly. */
export const realise = (decoder: DivisibleDecoder, genes: Float64Array): Grants => {
  const grants = noGrants()
  let parts: Part[] = []
  visit(
    decoder,
    genes,
    (step, position, amount) => parts.push({ step, position, amount }),
    cell => {
      deal(decoder.book, cell, parts, grants)
      parts = []
    }
  )
  return grants
}

const visit = (
  { book, weightMax }: DivisibleDecoder,
  genes: Float64Array,
  accept: Accept,
  done: (cell: Cell) => void
): void => {
  const { byUnit } = surchargeOf(genes, book.highestPrice, weightMax, book.unitUnreliability)
  for (const group of book.groups) {
    const order = preferred(book, group, byUnit)
    for (const cell of group.cells) {
      serve(book, group, cell, order, accept)
      done(cell)
    }
  }
}

/** Positions by price and surcharge, equals by arrival. */
const preferred = (
  { stepPrice, stepUnit }: DivisibleBook,
  { steps, positions }: CellGroup,
  byUnit: Float64Array
): Order => {
  const keys = new Float64Array(steps.length)
  for (let k = 0; k < keys.length; k++) keys[k] = stepPrice[steps[k]!]! + byUnit[stepUnit[steps[k]!]!]!
  return bestFirst(positions, keys)
}

interface Part {
  readonly step: number
  readonly position: number
  readonly amount: number
}

/**
 * Deals what was accepted in a cell out to the requests: the cheapest W to the DSO until it can take no more, the rest to
 * the TSO, moving W between the two where only that lets every W serve someone (the DSO's total never shrinks by that).
 */
const deal = (book: DivisibleBook, cell: Cell, parts: readonly Part[], grants: Grants): void => {
  const { pool, demand, dsoRequests, classes, mtu } = cell
  const { stepPrice, stepOffer } = book
  const byPrice = [...parts].sort((a, b) => stepPrice[a.step]! - stepPrice[b.step]! || a.position - b.position)
  empty(cell)
  pool.residual.fill(0, dsoRequests)
  const rest = byPrice.map(part => part.amount - place(pool, classes[part.position]!, part.amount))
  pool.residual.set(demand.subarray(dsoRequests), dsoRequests)
  pool.dead.fill(0)
  byPrice.forEach((part, k) => {
    if (rest[k]! > 0 && place(pool, classes[part.position]!, rest[k]!) !== rest[k])
      throw new Error(`deal: accepted W serve no request in MTU ${mtu}`)
  })
  const flow = pool.flow.slice()
  for (const { step, position, amount } of byPrice) {
    const classIndex = classes[position]!
    const from = pool.shape.flowFrom[classIndex]!
    let open = amount
    for (const [k, request] of pool.shape.eligible[classIndex]!.entries()) {
      const power = Math.min(open, flow[from + k]!)
      if (power === 0) continue
      flow[from + k]! -= power
      open -= power
      addGrant(grants, stepOffer[step]!, mtu, pool.requests[request]!, power, stepPrice[step]!)
    }
  }
}
