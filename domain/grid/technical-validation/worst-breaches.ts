/**
 * Of many breaches those that the others follow from: along a feeder the lowest voltage, not each bus before it. What is left
 * out comes back in the next look, if the cure of these was not its cure.
 */
import type { CompiledNetwork } from '../compile-network.ts'
import { type Breaches, KINDS, type Monitored } from './limit-scan.ts'

/** Limits taken up in one look: each costs one transposed solve, and one look seldom has more that matter. */
const WORST_MAX = 24

export const worstBreaches = (
  { rowOfBus, equations: { rows, parent } }: CompiledNetwork,
  { count, kind, index, beyond }: Breaches
): readonly Monitored[] => {
  const limitAt = (n: number): Monitored => ({ kind: KINDS[kind[n]!]!, index: index[n]! })
  if (count <= 1) return count === 0 ? [] : [limitAt(0)]
  const isVoltage = (n: number): boolean => kind[n]! < 2
  /** By row and side: place of the worst breach, and one more. */
  const worstAt = new Int32Array(2 * rows)
  const keyOf = (n: number): number => 2 * rowOfBus[index[n]!]! + kind[n]!
  for (let n = 0; n < count && isVoltage(n); n++) {
    const known = worstAt[keyOf(n)]!
    if (known === 0 || beyond[n]! > beyond[known - 1]!) worstAt[keyOf(n)] = n + 1
  }
  // Of two neighbours with the same fault the milder one follows from the other.
  const isFollowing = new Uint8Array(count)
  for (let n = 0; n < count && isVoltage(n); n++) {
    const key = keyOf(n)
    if (worstAt[key] !== n + 1) {
      isFollowing[n] = 1
      continue
    }
    const above = parent[key >> 1]!
    const there = above < 0 ? 0 : worstAt[2 * above + (key & 1)]!
    if (there > 0) isFollowing[beyond[there - 1]! > beyond[n]! ? n : there - 1] = 1
  }
  // The worst of what is left, in the order of their severity; of equal ones the first.
  const worst: number[] = []
  const severities: number[] = []
  for (let n = 0; n < count; n++) {
    if (isFollowing[n] === 1) continue
    const severity = beyond[n]! / (isVoltage(n) ? VOLTAGE_PU : LOADING_PERCENT)
    if (worst.length === WORST_MAX && severity <= severities[WORST_MAX - 1]!) continue
    let at = worst.length < WORST_MAX ? worst.length : WORST_MAX - 1
    for (; at > 0 && severities[at - 1]! < severity; at--) {
      worst[at] = worst[at - 1]!
      severities[at] = severities[at - 1]!
    }
    worst[at] = n
    severities[at] = severity
  }
  return worst.map(limitAt)
}

/** One hundredth of the nominal voltage counts like a tenth of a rating. */
const VOLTAGE_PU = 0.01
const LOADING_PERCENT = 10
