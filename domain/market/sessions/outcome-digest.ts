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
  const instants = new Map<number, string>()
  /** A session has few instants, and each stands in many lines. */
  const instant = (ms: number): string => {
    let text = instants.get(ms)
    if (text === undefined) {
      text = String(ms)
      instants.set(ms, text)
    }
    return text
  }
  for (const record of records) hash.update(line(record, instant))
  return hash.digest('hex')
}

const line = (record: OutcomeRecord, instant: (ms: number) => string): string => {
  switch (record.type) {
    case 'OfferCleared':
    case 'OutcomeValidated': {
      let text = `${record.type}|${record.offerId}|${record.rank}`
      for (const { requestId, start, mtus, quantity, price } of record.allocations)
        text += `|${requestId},${instant(start)}+${mtus},${quantity},${price}`
      return `${text}\n`
    }
    case 'RequestCleared':
    case 'RequestValidated': {
      let text = `${record.type}|${record.requestId}|${record.paidMicroEur}`
      for (const { start, mtus, quantity } of record.served) text += `|+${instant(start)}+${mtus},${quantity}`
      for (const { start, mtus, quantity } of record.residual) text += `|-${instant(start)}+${mtus},${quantity}`
      return `${text}\n`
    }
  }
}
