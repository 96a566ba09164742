/**
 * Of many violations those that the others follow from: along a feeder the lowest voltage, not each bus before it. What is left
 * out comes back in the next look, if the cure of these was not its cure.
 */
import type { CompiledNetwork } from '../compile-network.ts'
import type { Violation } from '../violations.ts'
import type { Monitored } from './slot-grid.ts'

/** Limits taken up in one look: each costs one transposed solve, and one look seldom has more that matter. */
const WORST_MAX = 24

export const worstViolations = (
  { rowOfBus, equations: { parent } }: CompiledNetwork,
  violations: readonly Violation[]
): readonly Monitored[] => {
  if (violations.length <= 1) return violations
  const worstAtRow = new Map<number, number>()
  const rowKey = (kind: Violation['kind'], row: number): number => 2 * row + (kind === 'over-voltage' ? 1 : 0)
  for (const one of violations)
    if ('value_pu' in one) {
      const key = rowKey(one.kind, rowOfBus[one.index]!)
      worstAtRow.set(key, severityOf(one))
    }
  // Of two neighbours with the same fault the milder one follows from the other.
  const follows = new Set<number>()
  for (const [key, severity] of worstAtRow) {
    const above = 2 * parent[key >> 1]! + (key & 1)
    const there = worstAtRow.get(above)
    if (there !== undefined) follows.add(there > severity ? key : above)
  }
  const seen = new Set<number>()
  return violations
    .filter(one => {
      if (!('value_pu' in one)) return true
      const key = rowKey(one.kind, rowOfBus[one.index]!)
      if (follows.has(key) || seen.has(key)) return false
      seen.add(key)
      return true
    })
    .sort((a, b) => severityOf(b) - severityOf(a))
    .slice(0, WORST_MAX)
}

/** One hundredth of the nominal voltage counts like a tenth of a rating. */
const severityOf = (violation: Violation): number =>
  'value_pu' in violation
    ? Math.abs(violation.value_pu - violation.limit_pu) / 0.01
    : (violation.loadingPercent - violation.limitPercent) / 10
