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

/** Bytes that are gathered before they are hashed: a call of the hash costs more than a record's bytes. */
const PAPER_BYTES = 65_536

class Paper {
  readonly #bytes = Buffer.allocUnsafe(PAPER_BYTES)
  readonly #view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, PAPER_BYTES)
  readonly #take: (bytes: Uint8Array) => void
  #end = 0

  constructor(take: (bytes: Uint8Array) => void) {
    this.#take = take
  }

  text(line: string): void {
    // At most three bytes of UTF-8 for a unit of UTF-16.
    if (3 * line.length > PAPER_BYTES - this.#end) this.empty()
    if (3 * line.length > PAPER_BYTES) this.#take(Buffer.from(line))
    else this.#end += this.#bytes.write(line, this.#end)
  }

  number(value: number): void {
    if (this.#end + 8 > PAPER_BYTES) this.empty()
    this.#view.setFloat64(this.#end, value, true)
    this.#end += 8
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
  for (const { start, mtus, quantity, price } of allocations) {
    paper.number(start)
    paper.number(mtus)
    paper.number(quantity)
    paper.number(price)
  }
}

const addRequest = (paper: Paper, record: RequestCleared | RequestValidated): void => {
  const { type, requestId, paidMicroEur, served, residual } = record
  paper.text(`${type}|${requestId}|${paidMicroEur}|${served.length},${residual.length}\n`)
  for (const runs of [served, residual])
    for (const { start, mtus, quantity } of runs) {
      paper.number(start)
      paper.number(mtus)
      paper.number(quantity)
    }
}
