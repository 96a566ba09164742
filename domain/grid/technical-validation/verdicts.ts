/**
 * The verdicts of a technical validation as the market takes them (flow 4, DTP-ATV-03): per service, runs of MTUs with OK, KO
 * or PARTIAL and how much. Runs are as long as they can be: equal verdicts of neighbouring MTUs are one.
 */
import type { Verdict, VerdictInterval } from '../../../schemas/generated.ts'
import { runEnd } from '../../units/time.ts'
import type { JudgedSlot, TechnicalValidation } from './service.ts'

export interface ServiceVerdicts {
  readonly offerId: string
  readonly verdicts: readonly VerdictInterval[]
}

/** `mtuStarts`: the instant of each slot, ascending; a day of 92 or 100 MTUs has as many. */
export const verdictsOf = (
  { services }: Pick<TechnicalValidation, 'services'>,
  mtuStarts: readonly number[]
): readonly ServiceVerdicts[] =>
  services.map(({ offerId, slots }) => {
    const runs: { start: number; mtus: number; verdict: Verdict; quantity: number }[] = []
    for (const judged of slots) {
      const start = mtuStarts[judged.slot]
      if (start === undefined) throw new RangeError(`verdictsOf: slot ${judged.slot} of ${mtuStarts.length}`)
      const verdict = verdictOf(judged)
      const quantity = verdict === 'PARTIAL' ? judged.acceptable : 0
      const last = runs.at(-1)
      if (last && last.verdict === verdict && last.quantity === quantity && runEnd(last) === start) last.mtus++
      else runs.push({ start, mtus: 1, verdict, quantity })
    }
    return { offerId, verdicts: runs }
  })

export const verdictOf = ({ accepted, acceptable }: JudgedSlot): Verdict =>
  acceptable === accepted ? 'OK' : acceptable === 0 ? 'KO' : 'PARTIAL'
