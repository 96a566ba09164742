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
import { eventRequestRuns } from './event-outcome.ts'

type OutcomeRecord = OfferCleared | OutcomeValidated | RequestCleared | RequestValidated

export const outcomeDigest = (records: readonly OutcomeRecord[]): string => {
  const hash = createHash('sha256')
  const paper = new Paper(bytes => hash.update(bytes))
  for (const record of records) {
    if (record.type === 'OfferCleared' || record.type === 'OutcomeValidated') addOffer(paper, record)
    else addRequest(paper, record)
  }
  paper.empty()
  return hash.digest('hex')
}

/**
 * The same of a clearing's columns, before there are records. `startOf`: the instant at which each MTU begins, ms.
 */
export const outcomeDigestOfColumns = (book: Book, outcome: OutcomeColumns, startOf: readonly number[]): string => {
  const hash = createHash('sha256')
  const paper = new Paper(bytes => hash.update(bytes))
  const { runs, ranks, paid, served } = outcome
  book.offers.forEach(({ id }, o) => {
    paper.text(`OfferCleared|${id}|${ranks[o]}|`)
    addRuns(paper, runs, o, book.requests, startOf)
  })
  book.requests.forEach(({ id }, r) => {
    addRequest(paper, {
      type: 'RequestCleared',
      requestId: id,
      paidMicroEur: paid[r]!,
      ...eventRequestRuns(book, r, served, startOf)
    })
  })
  paper.empty()
  return hash.digest('hex')
}

/** Bytes that are gathered before they are hashed: a call of the hash costs more than a record's bytes. */
const PAPER_BYTES = 65_536
/** Code units up to which a text is written here: a call of the buffer's own writer costs as much as some forty. */
const SHORT_TEXT = 40

class Paper {
  readonly #bytes = Buffer.allocUnsafe(PAPER_BYTES)
  readonly #view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, PAPER_BYTES)
  readonly #take: (bytes: Uint8Array) => void
  #end = 0

  constructor(take: (bytes: Uint8Array) => void) {
    this.#take = take
  }

  text(line: string): void {
    const { length } = line
    if (length <= SHORT_TEXT && length <= PAPER_BYTES - this.#end && this.#shortText(line)) return
    // At most three bytes of UTF-8 for a unit of UTF-16.
    if (3 * line.length > PAPER_BYTES - this.#end) this.empty()
    if (3 * line.length > PAPER_BYTES) this.#take(Buffer.from(line))
    else this.#end += this.#bytes.write(line, this.#end)
  }

  /** False, and nothing written, where it is not ASCII. */
  #shortText(line: string): boolean {
    const bytes = this.#bytes
    const from = this.#end
    for (let n = 0; n < line.length; n++) {
      const unit = line.charCodeAt(n)
      if (unit > 0x7f) return false
      bytes[from + n] = unit
    }
    this.#end = from + line.length
    return true
  }

  number(value: number): void {
    if (this.#end + 8 > PAPER_BYTES) this.empty()
    this.#view.setFloat64(this.#end, value, true)
    this.#end += 8
  }

  numbers(a: number, b: number, c: number, d: number): void {
    if (this.#end + 32 > PAPER_BYTES) this.empty()
    const view = this.#view
    const end = this.#end
    view.setFloat64(end, a, true)
    view.setFloat64(end + 8, b, true)
    view.setFloat64(end + 16, c, true)
    view.setFloat64(end + 24, d, true)
    this.#end = end + 32
  }

  empty(): void {
    this.#take(this.#bytes.subarray(0, this.#end))
    this.#end = 0
  }
}

const addOffer = (paper: Paper, { type, offerId, rank, allocations }: OfferCleared | OutcomeValidated): void => {
  let line = `${type}|${offerId}|${rank}|`
  for (let n = 0; n < allocations.length; n++)
    line += n === 0 ? allocations[n]!.requestId : `,${allocations[n]!.requestId}`
  paper.text(`${line}\n`)
  for (const { start, mtus, quantity, price } of allocations) paper.numbers(start, mtus, quantity, price)
}

const addRuns = (
  paper: Paper,
  { offerFrom, request, mtu, mtus, power, price }: AcceptedRuns,
  offer: number,
  requests: readonly { readonly id: string }[],
  startOf: readonly number[]
): void => {
  const first = offerFrom[offer]!
  const end = offerFrom[offer + 1]!
  for (let k = first; k < end; k++) {
    if (k > first) paper.text(',')
    paper.text(requests[request[k]!]!.id)
  }
  paper.text('\n')
  for (let k = first; k < end; k++) paper.numbers(startOf[mtu[k]!]!, mtus[k]!, power[k]!, price[k]!)
}

type RequestRecord = Pick<RequestCleared, 'requestId' | 'paidMicroEur' | 'served' | 'residual'> & {
  readonly type: 'RequestCleared' | 'RequestValidated'
}

const addRequest = (paper: Paper, record: RequestRecord): void => {
  const { type, requestId, paidMicroEur, served, residual } = record
  paper.text(`${type}|${requestId}|${paidMicroEur}|${served.length},${residual.length}\n`)
  for (const runs of [served, residual])
    for (const { start, mtus, quantity } of runs) {
      paper.number(start)
      paper.number(mtus)
      paper.number(quantity)
    }
}
