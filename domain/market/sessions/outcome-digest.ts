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

type Hash = ReturnType<typeof createHash>

export const outcomeDigest = (records: readonly OutcomeRecord[]): string => {
  const hash = createHash('sha256')
  for (const record of records) {
    if (record.type === 'OfferCleared' || record.type === 'OutcomeValidated') addOffer(hash, record)
    else addRequest(hash, record)
  }
  return hash.digest('hex')
}

const addOffer = (hash: Hash, { type, offerId, rank, allocations }: OfferCleared | OutcomeValidated): void => {
  let line = `${type}|${offerId}|${rank}|`
  const numbers = new DataView(new ArrayBuffer(4 * 8 * allocations.length))
  let at = 0
  for (const { requestId, start, mtus, quantity, price } of allocations) {
    line += at === 0 ? requestId : `,${requestId}`
    numbers.setFloat64(at, start, true)
    numbers.setFloat64(at + 8, mtus, true)
    numbers.setFloat64(at + 16, quantity, true)
    numbers.setFloat64(at + 24, price, true)
    at += 32
  }
  hash.update(`${line}\n`)
  hash.update(numbers)
}

const addRequest = (hash: Hash, record: RequestCleared | RequestValidated): void => {
  const { type, requestId, paidMicroEur, served, residual } = record
  const numbers = new DataView(new ArrayBuffer(3 * 8 * (served.length + residual.length)))
  let at = 0
  for (const runs of [served, residual])
    for (const { start, mtus, quantity } of runs) {
      numbers.setFloat64(at, start, true)
      numbers.setFloat64(at + 8, mtus, true)
      numbers.setFloat64(at + 16, quantity, true)
      at += 24
    }
  hash.update(`${type}|${requestId}|${paidMicroEur}|${served.length},${residual.length}\n`)
  hash.update(numbers)
}
