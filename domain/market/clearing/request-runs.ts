/**
 * What the requests of a book got, as it is told: runs of MTUs with equal values, as columns. A session has tens of thousands of
 * them, so they become objects only where somebody wants objects.
 */
import type { Served } from './accepted-runs.ts'
import type { Book } from './book.ts'
import { demandOf } from './compiled-book.ts'

export interface ValueRuns {
  /** The runs of request `r` are those from `from[r]` up to `from[r + 1]`, by MTU. */
  readonly from: Int32Array
  readonly mtu: Int32Array
  readonly mtus: Int32Array
  readonly value: Float64Array
}

export interface RequestRuns {
  /** W or var, above 0. */
  readonly served: ValueRuns
  readonly residual: ValueRuns
  /** µ€ per kWh or kvarh, where anything was served. */
  readonly prices: ValueRuns
}

export const requestRuns = (book: Book, all: Served): RequestRuns => {
  const room = (): ValueRuns => roomFor(book.requests.length, book.mtus)
  const runs: RequestRuns = { served: room(), residual: room(), prices: room() }
  const { mtus } = book
  for (let r = 0; r < book.requests.length; r++) {
    const served = all.power.subarray(r * mtus, (r + 1) * mtus)
    const residual = demandOf(book.requests[r]!, mtus)
    const price = all.highestBid.slice(r * mtus, (r + 1) * mtus)
    for (let t = 0; t < mtus; t++) {
      residual[t]! -= served[t]!
      if (served[t] === 0) price[t] = NO_PRICE
    }
    addRuns(runs.served, r, served, LEAST_AMOUNT)
    addRuns(runs.residual, r, residual, LEAST_AMOUNT)
    addRuns(runs.prices, r, price, 0)
  }
  return runs
}

/** Amounts are whole numbers: what is above 0 is at least this. */
const LEAST_AMOUNT = 1
/** Where nothing was served. */
const NO_PRICE = -1

/** One request's runs as objects. */
export const listOfRuns = <Run>(
  { from, mtu, mtus, value }: ValueRuns,
  r: number,
  run: (mtu: number, mtus: number, value: number) => Run
): Run[] => {
  const list: Run[] = []
  for (let k = from[r]!; k < from[r + 1]!; k++) list.push(run(mtu[k]!, mtus[k]!, value[k]!))
  return list
}

const roomFor = (requests: number, mtus: number): ValueRuns => ({
  from: new Int32Array(requests + 1),
  mtu: new Int32Array(requests * mtus),
  mtus: new Int32Array(requests * mtus),
  value: new Float64Array(requests * mtus)
})

/** Runs of equal values that are at least so much. */
const addRuns = ({ from, mtu, mtus, value }: ValueRuns, r: number, values: Float64Array, least: number): void => {
  let count = from[r]!
  for (let first = 0, t = 1; first < values.length; t++) {
    const here = values[first]!
    if (t < values.length && values[t] === here) continue
    if (here >= least) {
      mtu[count] = first
      mtus[count] = t - first
      value[count++] = here
    }
    first = t
  }
  from[r + 1] = count
}
