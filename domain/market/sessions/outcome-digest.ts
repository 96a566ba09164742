/**
 * SHA-256 over the outcome records of a cause, in their order, so that a summary vouches for the records beside it.
 * The text that is hashed is one line per record: the fields that decide who delivers and who pays, separated by `|`, runs of
 * MTUs as `start+mtus`, so that anyone can recompute it from the decoded events.
 */
import { createHash } from 'node:crypto'
import type { OfferCleared, OutcomeValidated, RequestCleared, RequestValidated } from '../../../schemas/generated.ts'

type OutcomeRecord = OfferCleared | OutcomeValidated | RequestCleared | RequestValidated

export const outcomeDigest = (records: readonly OutcomeRecord[]): string => {
  const hash = createHash('sha256')
  for (const record of records) hash.update(line(record))
  return hash.digest('hex')
}

const line = (record: OutcomeRecord): string => {
  switch (record.type) {
    case 'OfferCleared':
    case 'OutcomeValidated': {
      let text = `${record.type}|${record.offerId}|${record.rank}`
      for (const { requestId, start, mtus, quantity, price } of record.allocations)
        text += `|${requestId},${start}+${mtus},${quantity},${price}`
      return `${text}\n`
    }
    case 'RequestCleared':
    case 'RequestValidated': {
      let text = `${record.type}|${record.requestId}|${record.paidMicroEur}`
      for (const { start, mtus, quantity } of record.served) text += `|+${start}+${mtus},${quantity}`
      for (const { start, mtus, quantity } of record.residual) text += `|-${start}+${mtus},${quantity}`
      return `${text}\n`
    }
  }
}
