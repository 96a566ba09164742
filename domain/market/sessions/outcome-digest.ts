/**
 * SHA-256 over the outcome records of a cause, in their order, so that a summary vouches for the records beside it.
 * Hashed are the fields that decide who delivers and who pays, so that anyone can recompute it from the decoded events. Of
 * each record: a line of UTF-8 text, then its whole numbers, each as a 64-bit float in little-endian order.
 *
 *   OfferCleared, OutcomeValidated      type|offerId|rank|requestId,requestId,…\n      per allocation: start, mtus, quantity, price
 *   RequestCleared, RequestValidated    type|requestId|paidMicroEur|served,residual\n  per run of each: start, mtus, quantity
 *
 * Text for 100,000 numbers costs several times more than the numbers, and a large session has that many.
 */
import { createHash } from 'node:crypto'
import type { OfferCleared, OutcomeValidated, RequestCleared, RequestValidated } from '../../../schemas/generated.ts'
import type { AcceptedRuns } from '../clearing/accepted-runs.ts'
import type { Book } from '../clearing/book.ts'
import type { OutcomeColumns } from '../clearing/outcome.ts'
import { requestRuns, type ValueRuns } from '../clearing/request-runs.ts'

type OutcomeRecord = OfferCleared | OutcomeValidated | RequestCleared | RequestValidated

export const outcomeDigest = (records: readonly OutcomeRecord[]): string => {
  const paper = emptyPaper()
  for (const record of records) {
    if (record.type === 'OfferCleared' || record.type === 'OutcomeValidated') addOffer(paper, record)
    else addRequest(paper, record)
  }
  return digestOf(paper)
}

/**
 * The same of a clearing's columns, before there are records. `startOf`: the instant at which each MTU begins, ms; `requested`:
 * what the requests got, where it is known already.
 */
export const outcomeDigestOfColumns = (
  book: Book,
  outcome: OutcomeColumns,
  startOf: readonly number[],
  requested = requestRuns(book, outcome.served)
): string => {
  const paper = emptyPaper()
  const { runs, ranks, paid } = outcome
  const ids = book.requests.map(({ id }) => new TextEncoder().encode(`,${id}`))
  book.offers.forEach(({ id }, o) => {
    addText(paper, `OfferCleared|${id}|${ranks[o]}|`)
    addRuns(paper, runs, o, ids, startOf)
  })
  book.requests.forEach(({ id }, r) => {
    const { served, residual } = requested
    addText(paper, `RequestCleared|${id}|${paid[r]!}|${countOf(served, r)},${countOf(residual, r)}\n`)
    addValues(paper, served, r, startOf)
    addValues(paper, residual, r, startOf)
  })
  return digestOf(paper)
}

/** Bytes that are gathered before they are hashed: a call of the hash costs more than a record's bytes. */
const PAPER_BYTES = 65_536

interface Paper {
  readonly hash: ReturnType<typeof createHash>
  readonly bytes: Buffer
  readonly view: DataView
  end: number
}

const emptyPaper = (): Paper => {
  const bytes = Buffer.alloc(PAPER_BYTES)
  const view = new DataView(bytes.buffer, bytes.byteOffset, PAPER_BYTES)
  return { hash: createHash('sha256'), bytes, view, end: 0 }
}

const digestOf = (paper: Paper): string => {
  empty(paper)
  return paper.hash.digest('hex')
}

const empty = (paper: Paper): void => {
  paper.hash.update(paper.bytes.subarray(0, paper.end))
  paper.end = 0
}

const addText = (paper: Paper, line: string): void => {
  const { length } = line
  // At most three bytes of UTF-8 for a unit of UTF-16.
  if (3 * length > PAPER_BYTES - paper.end) empty(paper)
  if (3 * length > PAPER_BYTES) paper.hash.update(line)
  else paper.end += paper.bytes.write(line, paper.end)
}

/** From the place `from` on; a few, so a loop costs less than a call. */
const addBytes = (paper: Paper, added: Uint8Array, from: number): void => {
  if (added.length > PAPER_BYTES - paper.end) empty(paper)
  if (added.length > PAPER_BYTES) {
    paper.hash.update(added.subarray(from))
    return
  }
  const { bytes, end } = paper
  for (let n = from; n < added.length; n++) bytes[end + n - from] = added[n]!
  paper.end = end + added.length - from
}

const addNumber = (paper: Paper, value: number): void => {
  if (paper.end + 8 > PAPER_BYTES) empty(paper)
  paper.view.setFloat64(paper.end, value, true)
  paper.end += 8
}

const addNumbers = (paper: Paper, a: number, b: number, c: number, d: number): void => {
  if (paper.end + 32 > PAPER_BYTES) empty(paper)
  const { view, end } = paper
  view.setFloat64(end, a, true)
  view.setFloat64(end + 8, b, true)
  view.setFloat64(end + 16, c, true)
  view.setFloat64(end + 24, d, true)
  paper.end = end + 32
}

const addOffer = (paper: Paper, { type, offerId, rank, allocations }: OfferCleared | OutcomeValidated): void => {
  let line = `${type}|${offerId}|${rank}|`
  for (let n = 0; n < allocations.length; n++)
    line += n === 0 ? allocations[n]!.requestId : `,${allocations[n]!.requestId}`
  addText(paper, `${line}\n`)
  for (const { start, mtus, quantity, price } of allocations) addNumbers(paper, start, mtus, quantity, price)
}

/** `ids`: by request, a comma and its id in UTF-8. */
const addRuns = (
  paper: Paper,
  { offerFrom, request, mtu, mtus, power, price }: AcceptedRuns,
  offer: number,
  ids: readonly Uint8Array[],
  startOf: readonly number[]
): void => {
  const first = offerFrom[offer]!
  const end = offerFrom[offer + 1]!
  for (let k = first; k < end; k++) addBytes(paper, ids[request[k]!]!, k === first ? 1 : 0)
  addText(paper, '\n')
  for (let k = first; k < end; k++) addNumbers(paper, startOf[mtu[k]!]!, mtus[k]!, power[k]!, price[k]!)
}

const countOf = ({ from }: ValueRuns, r: number): number => from[r + 1]! - from[r]!

const addValues = (
  paper: Paper,
  { from, mtu, mtus, value }: ValueRuns,
  r: number,
  startOf: readonly number[]
): void => {
  for (let k = from[r]!; k < from[r + 1]!; k++) {
    addNumber(paper, startOf[mtu[k]!]!)
    addNumber(paper, mtus[k]!)
    addNumber(paper, value[k]!)
  }
}

type RequestRecord = Pick<RequestCleared, 'requestId' | 'paidMicroEur' | 'served' | 'residual'> & {
  readonly type: 'RequestCleared' | 'RequestValidated'
}

const addRequest = (paper: Paper, record: RequestRecord): void => {
  const { type, requestId, paidMicroEur, served, residual } = record
  addText(paper, `${type}|${requestId}|${paidMicroEur}|${served.length},${residual.length}\n`)
  for (const runs of [served, residual])
    for (const { start, mtus, quantity } of runs) {
      addNumber(paper, start)
      addNumber(paper, mtus)
      addNumber(paper, quantity)
    }
}
