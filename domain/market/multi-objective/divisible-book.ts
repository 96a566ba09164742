/**
 * A book whose offers can all be taken in any part, made ready to be served in any order of preference.
 *
 * Such a book falls into *cells* (one quantity, direction and MTU) that share nothing. In a cell the sets of W that the
 * requests can take together are the independent sets of a transversal matroid, so taking steps in any order of
 * preference, refusing only what no sharing of the demand could take, always serves the same volume, and serves it at
 * the least sum of preferences (Edmonds 1971). DSO and TSO demand share one pool here: a set of W that serves the most in all can
 * be dealt out so that the DSO is served in full measure (Mendelsohn and Dulmage 1958; `deal` does it). Hence every
 * order of preference gives a solution that serves the most for the DSO, then for the TSO, as T-12 asks.
 * Not divisible, and answered by `undefined`: blocks, minimum acceptances, one side per PoD, a unit that could go both
 * ways in one MTU, and a room that is shared by offers of different service labels.
 */

import {
  type Compiled,
  closedByState,
  closedToBoth,
  closedToDso,
  closedToTso,
  marketCount,
  opposite,
  placesClosedToTso,
  roomOf
} from '../clearing/compiled-book.ts'
import { classOf, isDead, openPool, type Pool, place } from '../clearing/pool.ts'
import type { Order } from './best-first.ts'

export interface Cell {
  readonly mtu: number
  readonly market: number
  /** Of all requests here, DSO first. Scratch: every serving starts by emptying it. */
  readonly pool: Pool
  readonly demand: Float64Array
  /** How many of the pool's requests are the DSO's: the first ones. */
  readonly dsoRequests: number
  /** By position in the group's steps: the class of supply, -1 = suits no request here. */
  readonly classes: Int32Array
}

/** Cells in which the same steps are offered: one order of preference does for all of them. */
export interface CellGroup {
  /** Positions in the step arrays, in the order of arrival. */
  readonly steps: Int32Array
  /** Positions in `steps` that suit a request in at least one of the cells. */
  readonly positions: Int32Array
  readonly cells: readonly Cell[]
}

export interface DivisibleBook {
  readonly compiled: Compiled
  readonly groups: readonly CellGroup[]
  readonly stepOffer: Int32Array
  readonly stepUnit: Int32Array
  readonly stepPrice: Float64Array
  readonly stepQuantity: Float64Array
  /** Millionths, by unit. */
  readonly unitUnreliability: Float64Array
  /** The dearest step, µ€ per kWh. */
  readonly highestPrice: number
  /** Room already used, by unit: scratch of one serving. */
  readonly used: Float64Array
}

/** `unitUnreliability` in millionths, by unit. */
export const divisibleBook = (compiled: Compiled, unitUnreliability: Float64Array): DivisibleBook | undefined => {
  const { book } = compiled
  const hasBothSides = book.requests.some(r => r.side === 'DSO') && book.requests.some(r => r.side === 'TSO')
  if (compiled.blocks.length > 0 || compiled.hasMinAcceptance.some(has => has === 1)) return undefined
  if (book.rules.exclusivePerPod && (hasBothSides || book.units.some(unit => unit.servedSide))) return undefined
  if (hasSharedRoom(compiled)) return undefined

  const steps = gatherSteps(compiled)
  const divisible: DivisibleBook = {
    compiled,
    groups: gatherCells(compiled, steps),
    ...steps,
    unitUnreliability,
    highestPrice: steps.stepPrice.reduce((a, b) => Math.max(a, b), 0),
    used: new Float64Array(book.units.length)
  }
  return goesBothWays(divisible) ? undefined : divisible
}

/** What `serve` calls for each accepted part: the step, its position in the group, how much. */
export type Accept = (step: number, position: number, amount: number) => void

/** Serves a cell in this order of preference over positions in the group's steps. */
export const serve = (
  { compiled, stepUnit, stepQuantity, used }: DivisibleBook,
  group: CellGroup,
  cell: Cell,
  order: Order,
  accept: Accept
): void => {
  const { pool, classes, market, mtu } = cell
  empty(cell)
  const touched: number[] = []
  for (let k = 0, position = order(0); position !== -1 && pool.left > 0; position = order(++k)) {
    const classIndex = classes[position]!
    if (classIndex < 0 || isDead(pool, classIndex)) continue
    const step = group.steps[position]!
    const unit = stepUnit[step]!
    let available = stepQuantity[step]!
    const capped = compiled.book.units[unit]!.caps !== undefined
    if (capped) available = Math.min(available, roomOf(compiled, unit, market, mtu) - used[unit]!)
    if (available <= 0) continue
    const placed = place(pool, classIndex, available)
    if (placed === 0) continue
    if (capped) {
      used[unit]! += placed
      touched.push(unit)
    }
    accept(step, position, placed)
  }
  for (const unit of touched) used[unit] = 0
}

export const empty = ({ pool, demand }: Cell): void => {
  pool.residual.set(demand)
  pool.dead.fill(0)
  pool.flow.fill(0)
  pool.left = demand.reduce((sum, power) => sum + power, 0)
}

type StepArrays = Pick<DivisibleBook, 'stepOffer' | 'stepUnit' | 'stepPrice' | 'stepQuantity'> & {
  readonly from: Int32Array
  readonly to: Int32Array
  readonly market: Uint8Array
}

const gatherSteps = ({ book, offerUnit, offerMarket }: Compiled): StepArrays => {
  const rows: { offer: number; price: number; quantity: number; from: number; to: number }[] = []
  book.offers.forEach((offer, o) => {
    if (offer.kind === 'block') return
    for (const { mtu, mtus, steps } of offer.intervals)
      for (const { price, quantity } of steps) rows.push({ offer: o, price, quantity, from: mtu, to: mtu + mtus })
  })
  return {
    stepOffer: Int32Array.from(rows, row => row.offer),
    stepUnit: Int32Array.from(rows, row => offerUnit[row.offer]!),
    stepPrice: Float64Array.from(rows, row => row.price),
    stepQuantity: Float64Array.from(rows, row => row.quantity),
    from: Int32Array.from(rows, row => row.from),
    to: Int32Array.from(rows, row => row.to),
    market: Uint8Array.from(rows, row => offerMarket[row.offer]!)
  }
}

const gatherCells = (compiled: Compiled, steps: StepArrays): CellGroup[] => {
  const { mtus } = compiled.book
  const groups = new Map<string, { steps: Int32Array; cells: Cell[] }>()
  for (let market = 0; market < marketCount; market++)
    for (let mtu = 0; mtu < mtus; mtu++) {
      const dso = compiled.dsoAt[market * mtus + mtu]!
      const tso = compiled.tsoAt[market * mtus + mtu]!
      if (dso.length + tso.length === 0) continue
      const here: number[] = []
      for (let s = 0; s < steps.stepOffer.length; s++)
        if (steps.market[s] === market && steps.from[s]! <= mtu && mtu < steps.to[s]!) here.push(s)
      const key = here.join()
      let group = groups.get(key)
      if (!group) {
        group = { steps: Int32Array.from(here), cells: [] }
        groups.set(key, group)
      }
      group.cells.push(openCell(compiled, steps, group.steps, market, mtu, dso, tso))
    }
  return [...groups.values()].map(({ steps, cells }) => ({
    steps,
    cells,
    positions: Int32Array.from(steps.keys()).filter(position => cells.some(({ classes }) => classes[position] !== -1))
  }))
}

const openCell = (
  compiled: Compiled,
  { stepOffer, stepPrice }: StepArrays,
  steps: Int32Array,
  market: number,
  mtu: number,
  dso: readonly number[],
  tso: readonly number[]
): Cell => {
  const { kinds, offerKind, offerUnit, unitHasState, requestLimit, demand } = compiled
  const requests = [...dso, ...tso]
  const pool = openPool(
    requests,
    Float64Array.from(requests, request => demand[request]![mtu]!)
  )
  const local = new Map(pool.requests.map((request, position) => [request, position]))
  const closedPlaces = tso.length > 0 ? placesClosedToTso(compiled, market, mtu) : undefined
  const classes = Int32Array.from(steps, step => {
    const offer = stepOffer[step]!
    const unit = offerUnit[offer]!
    const kind = kinds[offerKind[offer]!]!
    const closed =
      (closedPlaces?.[kind.place] ?? 0) | (unitHasState[unit] ? closedByState(compiled, unit, market, mtu) : 0)
    if (closed === closedToBoth) return -1
    const suits: number[] = []
    for (const [list, mask] of [
      [kind.dso[market], closedToDso],
      [kind.tso[market], closedToTso]
    ] as const)
      if ((closed & mask) === 0)
        for (const request of list ?? []) {
          const position = local.get(request)
          if (position !== undefined && stepPrice[step]! <= requestLimit[request]!) suits.push(position)
        }
    return classOf(pool, suits)
  })
  return { mtu, market, pool, demand: pool.residual.slice(), dsoRequests: dso.length, classes }
}

/** Whether a unit has a room in a market where its offers are of several labels: then its cheapest W need not suit all. */
const hasSharedRoom = ({ book, oneKind }: Compiled): boolean =>
  book.units.some(({ caps }, unit) =>
    [caps?.P_UP, caps?.P_DOWN, caps?.Q_UP, caps?.Q_DOWN].some(
      (room, market) => room !== undefined && oneKind[unit * marketCount + market] === 0
    )
  )

/** Whether some unit could be accepted up and down in one MTU: then its two cells are not independent. */
const goesBothWays = ({ groups, stepUnit, compiled }: DivisibleBook): boolean => {
  const units = compiled.book.units.length
  const seen = new Set<number>()
  const slot = (mtu: number, market: number, unit: number): number => (mtu * marketCount + market) * units + unit
  for (const group of groups)
    for (const { mtu, market, classes } of group.cells)
      for (let k = 0; k < classes.length; k++) {
        if (classes[k] === -1) continue
        const unit = stepUnit[group.steps[k]!]!
        if (seen.has(slot(mtu, opposite(market), unit))) return true
        seen.add(slot(mtu, market, unit))
      }
  return false
}
