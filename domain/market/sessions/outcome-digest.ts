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
  const ids = textsOf(book.requests.map(({ id }) => `${id},`))
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
  bytes: Buffer
  view: DataView
  end: number
}

const emptyPaper = (): Paper => ({ hash: createHash('sha256'), ...paperOf(PAPER_BYTES), end: 0 })

const paperOf = (size: number): Pick<Paper, 'bytes' | 'view'> => {
  const bytes = Buffer.allocUnsafe(size)
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, size) }
}

const digestOf = (paper: Paper): string => {
  empty(paper)
  return paper.hash.digest('hex')
}

const empty = (paper: Paper): void => {
  paper.hash.update(paper.bytes.subarray(0, paper.end))
  paper.end = 0
}

/** Room for so many bytes more. */
const reserve = (paper: Paper, more: number): void => {
  if (more <= paper.bytes.length - paper.end) return
  empty(paper)
  if (more > paper.bytes.length) Object.assign(paper, paperOf(2 * more))
}

const addText = (paper: Paper, line: string): void => {
  // At most three bytes of UTF-8 for a unit of UTF-16.
  reserve(paper, 3 * line.length)
  paper.end += paper.bytes.write(line, paper.end)
}

const addNumbers = (paper: Paper, a: number, b: number, c: number): void => {
  reserve(paper, 3 * NUMBER_BYTES)
  const { view, end } = paper
  view.setFloat64(end, a, true)
  view.setFloat64(end + 8, b, true)
  view.setFloat64(end + 16, c, true)
  paper.end = end + 3 * NUMBER_BYTES
}

const addNumber = (paper: Paper, value: number): void => {
  reserve(paper, NUMBER_BYTES)
  paper.view.setFloat64(paper.end, value, true)
  paper.end += NUMBER_BYTES
}

const NUMBER_BYTES = 8

const addOffer = (paper: Paper, { type, offerId, rank, allocations }: OfferCleared | OutcomeValidated): void => {
  let line = `${type}|${offerId}|${rank}|`
  for (let n = 0; n < allocations.length; n++)
    line += n === 0 ? allocations[n]!.requestId : `,${allocations[n]!.requestId}`
  addText(paper, `${line}\n`)
  for (const { start, mtus, quantity, price } of allocations) {
    addNumbers(paper, start, mtus, quantity)
    addNumber(paper, price)
  }
}

/** Texts in UTF-8, four bytes to a word, since that is how they are copied: a byte at a time takes four times as long. */
interface Texts {
  /** Those of text `n` begin at `n × wordsEach`. */
  readonly words: Int32Array
  readonly wordsEach: number
  /** Bytes of each. */
  readonly length: Int32Array
}

const textsOf = (texts: readonly string[]): Texts => {
  const encoded = texts.map(text => new TextEncoder().encode(text))
  const length = Int32Array.from(encoded, bytes => bytes.length)
  const wordsEach = length.reduce((most, bytes) => Math.max(most, (bytes + 3) >> 2), 0)
  const view = new DataView(new ArrayBuffer(4 * wordsEach * texts.length))
  encoded.forEach((bytes, n) => {
    for (let k = 0; k < bytes.length; k++) view.setUint8(4 * wordsEach * n + k, bytes[k]!)
  })
  const words = Int32Array.from({ length: wordsEach * texts.length }, (_, k) => view.getInt32(4 * k, true))
  return { words, wordsEach, length }
}

/** `ids`: by request, its id and a comma. */
const addRuns = (
  paper: Paper,
  { offerFrom, request, mtu, mtus, power, price }: AcceptedRuns,
  offer: number,
  { words, wordsEach, length }: Texts,
  startOf: readonly number[]
): void => {
  const first = offerFrom[offer]!
  const end = offerFrom[offer + 1]!
  // The last word of an id may reach beyond it.
  reserve(paper, (end - first) * (4 * wordsEach + 4 * NUMBER_BYTES) + 4)
  const { bytes, view } = paper
  let at = paper.end
  for (let k = first; k < end; k++) {
    const text = request[k]!
    const size = length[text]!
    const from = text * wordsEach
    for (let n = 0; 4 * n < size; n++) view.setInt32(at + 4 * n, words[from + n]!, true)
    at += size
  }
  // In place of the last comma.
  bytes[end > first ? at - 1 : at++] = NEWLINE
  for (let k = first; k < end; k++) {
    view.setFloat64(at, startOf[mtu[k]!]!, true)
    view.setFloat64(at + 8, mtus[k]!, true)
    view.setFloat64(at + 16, power[k]!, true)
    view.setFloat64(at + 24, price[k]!, true)
    at += 4 * NUMBER_BYTES
  }
  paper.end = at
}

const NEWLINE = 0x0a

const countOf = ({ from }: ValueRuns, r: number): number => from[r + 1]! - from[r]!

const addValues = (
  paper: Paper,
  { from, mtu, mtus, value }: ValueRuns,
  r: number,
  startOf: readonly number[]
): void => {
  for (let k = from[r]!; k < from[r + 1]!; k++) addNumbers(paper, startOf[mtu[k]!]!, mtus[k]!, value[k]!)
}

type RequestRecord = Pick<RequestCleared, 'requestId' | 'paidMicroEur' | 'served' | 'residual'> & {
  readonly type: 'RequestCleared' | 'RequestValidated'
}

const addRequest = (paper: Paper, record: RequestRecord): void => {
  const { type, requestId, paidMicroEur, served, residual } = record
  addText(paper, `${type}|${requestId}|${paidMicroEur}|${served.length},${residual.length}\n`)
  for (const runs of [served, residual])
    for (const { start, mtus, quantity } of runs) addNumbers(paper, start, mtus, quantity)
}
