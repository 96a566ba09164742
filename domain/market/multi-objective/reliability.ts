/**
 * How far a provider can be relied on, and what it is expected not to deliver.
 *
 * The index is the share of what was asked that was delivered (T-13: a rolling mean over 30 days of
 * min(1, delivered / requested)), kept per unit and per aggregator. A unit's own index counts first; without one, its
 * aggregator's; a newcomer has neither and is taken at 0.7. Unreliability is 1 − index in whole millionths, so that
 * expected non-delivery, Σ accepted × unreliability, is an exact integer in millionths of a W·MTU.
 */

/** T-13: KPI_PR_04's target. */
export const NEWCOMER_RELIABILITY = 0.7

export const MILLION = 1_000_000

export interface Reliability {
  /** Index 0 … 1 by unit id. */
  readonly units: Readonly<Record<string, number>>
  /** Index 0 … 1 by aggregator, for units without one of their own. */
  readonly aggregators?: Readonly<Record<string, number>>
  /** Which aggregator stands behind a unit. */
  readonly aggregatorOf?: Readonly<Record<string, string>>
}

export const reliabilityOf = (unit: string, { units, aggregators, aggregatorOf }: Reliability): number => {
  const aggregator = known(aggregatorOf, unit)
  const index =
    known(units, unit) ??
    (aggregator === undefined ? undefined : known(aggregators, aggregator)) ??
    NEWCOMER_RELIABILITY
  if (!(index >= 0 && index <= 1)) throw new RangeError(`reliability of ${unit}: expected 0 … 1, got ${index}`)
  return index
}

/** 1 − index, in millionths. */
export const unreliabilityOf = (unit: string, reliability: Reliability): number =>
  MILLION - Math.round(reliabilityOf(unit, reliability) * MILLION)

/** An own property only: a unit may be called "constructor". */
const known = <Value>(record: Readonly<Record<string, Value>> | undefined, key: string): Value | undefined =>
  record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
