/**
 * The exact Pareto front of cost and expected non-delivery of a divisible book, at full service: the parametric merit order.
 *
 * Both objectives are linear in what is accepted, so every vertex of the front is the merit order by
 * price + weight × unreliability for some weight. In each cell the vertices are found by asking between two known ones
 * with exactly the weight at which these two are equal, until nothing lies below their connection: each weight asked is a
 * breakpoint or proves a gap, none is a guess from a grid. Cells share nothing, so the front of the book is their edges
 * one after the other, by slope. Sums and slopes are whole numbers (bigint); nothing is rounded.
 */

import { bestFirst } from './best-first.ts'
import { type Cell, type CellGroup, type DivisibleBook, serve } from './divisible-book.ts'

export interface FrontPoint {
  /** Σ accepted × price: ticks of 1/4000 µ€. */
  readonly cost: bigint
  /** Σ accepted × unreliability: millionths of a W·MTU. */
  readonly nonDelivery: bigint
}

export interface FrontVertex extends FrontPoint {
  /** A weight at which this vertex is the best one: µ€ per kWh that one kWh of certain non-delivery is worth; may be infinite. */
  readonly weight: number
}

/** From the cheapest vertex to the most reliable one. */
export const exactFront = (book: DivisibleBook): FrontVertex[] => {
  let cost = 0n
  let nonDelivery = 0n
  const edges: FrontPoint[] = []
  for (const group of book.groups)
    for (const cell of group.cells) {
      const vertices = cellFront(book, group, cell)
      cost += vertices[0]!.cost
      nonDelivery += vertices[0]!.nonDelivery
      for (let k = 1; k < vertices.length; k++) edges.push(edge(vertices[k - 1]!, vertices[k]!))
    }
  edges.sort(bySlope)
  const points: FrontPoint[] = [{ cost, nonDelivery }]
  const slopes: number[] = []
  edges.forEach((current, k) => {
    cost += current.cost
    nonDelivery -= current.nonDelivery
    // Edges of one slope are passed at one weight: a single edge of the book's front.
    const next = edges[k + 1]
    if (next !== undefined && bySlope(current, next) === 0) return
    points.push({ cost, nonDelivery })
    slopes.push(slopeOf(current))
  })
  return points.map((point, k) => ({ ...point, weight: weightBetween(slopes[k - 1], slopes[k]) }))
}

/** What an edge costs more, and how much less it leaves undelivered; both > 0. */
const edge = (from: FrontPoint, to: FrontPoint): FrontPoint => ({
  cost: to.cost - from.cost,
  nonDelivery: from.nonDelivery - to.nonDelivery
})

const bySlope = (a: FrontPoint, b: FrontPoint): number => {
  const difference = a.cost * b.nonDelivery - b.cost * a.nonDelivery
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** µ€ per kWh: the non-delivery is counted in millionths. */
const slopeOf = ({ cost, nonDelivery }: FrontPoint): number => (Number(cost) / Number(nonDelivery)) * 1e6

/** At the cheapest vertex any small weight will do; not 0, which would leave equal prices of unequal reliability to chance. */
const weightBetween = (before: number | undefined, after: number | undefined): number => {
  if (before === undefined) return after === undefined ? 1 : after / 2
  return after === undefined ? Number.POSITIVE_INFINITY : before + (after - before) / 2
}

const cellFront = (book: DivisibleBook, group: CellGroup, cell: Cell): FrontPoint[] => {
  const solve = (ofCost: bigint, ofNonDelivery: bigint): FrontPoint =>
    serveByWeights(book, group, cell, ofCost, ofNonDelivery)
  const cheapest = solve(1n, 0n)
  const mostReliable = solve(0n, 1n)
  const vertices = [cheapest]
  // Depth first, left to right; the stack holds the right ends that are still ahead.
  const ahead = [mostReliable]
  while (ahead.length > 0) {
    const left = vertices[vertices.length - 1]!
    const right = ahead[ahead.length - 1]!
    if (right.cost === left.cost && right.nonDelivery === left.nonDelivery) {
      ahead.pop()
      continue
    }
    const { cost: ofNonDelivery, nonDelivery: ofCost } = edge(left, right)
    const between = solve(ofCost, ofNonDelivery)
    const value = (point: FrontPoint): bigint => ofCost * point.cost + ofNonDelivery * point.nonDelivery
    if (value(between) < value(left)) ahead.push(between)
    else {
      vertices.push(right)
      ahead.pop()
    }
  }
  return vertices.filter((_, k) => !isOnEdge(vertices, k))
}

/** A point on the straight line between its neighbours is no vertex. */
const isOnEdge = (points: readonly FrontPoint[], k: number): boolean => {
  const before = points[k - 1]
  const after = points[k + 1]
  return before !== undefined && after !== undefined && bySlope(edge(before, points[k]!), edge(points[k]!, after)) === 0
}

const serveByWeights = (
  book: DivisibleBook,
  group: CellGroup,
  cell: Cell,
  ofCost: bigint,
  ofNonDelivery: bigint
): FrontPoint => {
  const { stepPrice, stepUnit, unitUnreliability } = book
  const priceAt = (position: number): number => stepPrice[group.steps[position]!]!
  const unreliabilityAt = (position: number): number => unitUnreliability[stepUnit[group.steps[position]!]!]!
  const costWeight = Number(ofCost)
  const nonDeliveryWeight = Number(ofNonDelivery)
  const keys = new Float64Array(group.steps.length)
  for (let k = 0; k < keys.length; k++) keys[k] = priceAt(k) * costWeight + unreliabilityAt(k) * nonDeliveryWeight
  const order = bestFirst(group.positions, keys, (a, b) => {
    // Doubles decide when they surely can; here, near a tie, whole numbers do.
    const price = priceAt(a) - priceAt(b)
    const unreliability = unreliabilityAt(a) - unreliabilityAt(b)
    const exact =
      price === 0 && unreliability === 0 ? 0n : BigInt(price) * ofCost + BigInt(unreliability) * ofNonDelivery
    if (exact !== 0n) return exact < 0n
    // At the ends one objective has no weight: the other one decides between equals.
    return (ofNonDelivery === 0n ? unreliability || a - b : price || a - b) < 0
  })
  let cost = 0n
  let nonDelivery = 0n
  serve(book, group, cell, order, (_, position, amount) => {
    cost += BigInt(amount) * BigInt(priceAt(position))
    nonDelivery += BigInt(amount) * BigInt(unreliabilityAt(position))
  })
  return { cost, nonDelivery }
}
