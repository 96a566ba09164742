/**
 * Which of several solutions the market takes (T-12): first the least unserved volume of the DSO, then of the TSO, then the
 * configured weights of the objectives, or the knee of the front when there are none. And whether a solution may be taken
 * at all next to the exact result: never one that serves less, or costs more at equal reliability.
 */

import { type Judged, type Objective, objectiveValue, type Service, type Totals } from './objectives.ts'

/** What a candidate must say of itself. */
export interface Found {
  readonly totals: Judged & Service
}

export type Weights = Readonly<Partial<Record<Objective, number>>>

/**
 * The candidates from best to worst. Among those that serve the most: by the weighted sum of the objectives, each
 * mapped to 0 … 1 over these candidates. Without weights all count the same, which ranks by the distance from
 * the plane through the ends of the front: the best one is its knee. Equal sums: the cheaper, then the more reliable.
 */
export const rankCandidates = <Candidate extends Found>(
  candidates: readonly Candidate[],
  objectives: readonly Objective[],
  weights: Weights | undefined
): Candidate[] => {
  const served = mostServed(candidates)
  const scales = objectives.map(objective => {
    const values = served.map(({ totals }) => objectiveValue(objective, totals))
    const lowest = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
    const span = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY) - lowest
    const weight = weights === undefined ? 1 : (weights[objective] ?? 0)
    return (totals: Judged): number => (span > 0 ? (weight * (objectiveValue(objective, totals) - lowest)) / span : 0)
  })
  const scored = served.map(candidate => ({
    candidate,
    // Sums that differ by less than rounding are equal, so that the tie-break decides and not the last bit.
    score: Math.round(scales.reduce((sum, scaled) => sum + scaled(candidate.totals), 0) * 1e12)
  }))
  return scored
    .sort(
      (a, b) =>
        a.score - b.score ||
        compare(a.candidate.totals.cost, b.candidate.totals.cost) ||
        compare(a.candidate.totals.nonDelivery, b.candidate.totals.nonDelivery) ||
        a.candidate.totals.units - b.candidate.totals.units
    )
    .map(({ candidate }) => candidate)
}

/** Those with the least unserved volume: of the DSO first, then of the TSO. */
export const mostServed = <Candidate extends Found>(candidates: readonly Candidate[]): Candidate[] => {
  const most = candidates.reduce<Service | undefined>(
    (best, { totals }) => (best === undefined || compareService(totals, best) > 0 ? totals : best),
    undefined
  )
  return most === undefined ? [] : candidates.filter(({ totals }) => compareService(totals, most) === 0)
}

/** Above 0 when a serves more: the DSO first, then the TSO. */
export const compareService = (a: Service, b: Service): number => a.dsoServed - b.dsoServed || a.tsoServed - b.tsoServed

/**
 * Whether T-12 lets a solution take the place of the exact result. One that serves more (the DSO first, then the TSO)
 * may, one that serves less may not. At equal service it must not be worse than the exact result without being better:
 * a higher cost is only paid for more reliability, or, where further objectives were configured, for one of those at no
 * less reliability. The same holds for the DSO's part alone: the DSO, served first, never pays for the TSO's gain.
 */
export const mayReplace = (candidate: Totals, exact: Totals, objectives: readonly Objective[]): boolean => {
  const service = compareService(candidate, exact)
  if (service !== 0) return service > 0
  const betterOtherwise = objectives.some(
    objective =>
      objective !== 'cost' &&
      objective !== 'unreliability' &&
      objectiveValue(objective, candidate) < objectiveValue(objective, exact)
  )
  return worthIts(candidate, exact, betterOtherwise) && worthIts(dsoPart(candidate), dsoPart(exact), betterOtherwise)
}

const worthIts = (
  candidate: Pick<Totals, 'cost' | 'nonDelivery'>,
  exact: Pick<Totals, 'cost' | 'nonDelivery'>,
  betterOtherwise: boolean
): boolean => {
  if (candidate.cost < exact.cost) return true
  if (candidate.nonDelivery !== exact.nonDelivery) return candidate.nonDelivery < exact.nonDelivery
  return candidate.cost === exact.cost || betterOtherwise
}

const dsoPart = ({ dsoCost, dsoNonDelivery }: Totals) => ({ cost: dsoCost, nonDelivery: dsoNonDelivery })

/** Those that no other candidate beats in every objective at the same service or better. */
export const paretoFront = <Candidate extends Found>(
  candidates: readonly Candidate[],
  objectives: readonly Objective[]
): Candidate[] => {
  const rows = mostServed(candidates).map(candidate => ({
    candidate,
    values: Float64Array.from(objectives, objective => objectiveValue(objective, candidate.totals))
  }))
  // By the first objective that differs: then what beats a candidate comes before it, and of equals the first one stays.
  rows.sort((a, b) => {
    for (let m = 0; m < objectives.length; m++) if (a.values[m] !== b.values[m]) return a.values[m]! - b.values[m]!
    return 0
  })
  const front: typeof rows = []
  for (const row of rows) if (!front.some(({ values }) => isAtMost(values, row.values))) front.push(row)
  return front
    .map(({ candidate }) => candidate)
    .sort((a, b) => compare(a.totals.cost, b.totals.cost) || compare(a.totals.nonDelivery, b.totals.nonDelivery))
}

const isAtMost = (a: Float64Array, b: Float64Array): boolean => {
  for (let m = 0; m < a.length; m++) if (a[m]! > b[m]!) return false
  return true
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)
