/**
 * Services as arrays, for pictures of limits: every member of every candidate as an entry, in the order of the rows of the
 * node equations. Most candidates have one member; those with several are apart, since their effect is a sum.
 */
import { signOf } from '../apply-services.ts'
import { BASE_MVA } from '../branch-admittance.ts'
import type { Candidate } from './levels.ts'

const WATT_PER_UNIT = 1e6 * BASE_MVA

/** One service where it stands: buses of its members by place, and which of both powers it moves. */
export interface PlacedCandidate extends Candidate {
  readonly quantity: 'P' | 'Q'
  readonly direction: 'UP' | 'DOWN'
  readonly buses: readonly number[]
  readonly weights: readonly number[]
}

/** By row, ascending; of one row by candidate. */
export interface Entries {
  readonly count: number
  readonly row: Int32Array
  readonly candidate: Int32Array
  /** Part of the candidate's amount that this member moves; negative: less injection. */
  readonly share: Float64Array
  /** The same, per unit for 1 W or 1 var of the candidate. */
  readonly perWatt: Float64Array
  /** 0: P, 1: Q. */
  readonly quantity: Uint8Array
  /** By row: its first entry; one more at the end. */
  readonly firstOfRow: Int32Array
}

export interface CandidateColumns {
  /** Of candidates with one member. */
  readonly single: Entries
  /** Of all others. */
  readonly shared: Entries
  /** Which those are. */
  readonly sharing: Int32Array
}

export const columnsOf = (
  candidates: readonly PlacedCandidate[],
  rowOfBus: Int32Array,
  rows: number
): CandidateColumns => ({
  single: entriesOf(candidates, rowOfBus, rows, ({ buses }) => buses.length === 1),
  shared: entriesOf(candidates, rowOfBus, rows, ({ buses }) => buses.length !== 1),
  sharing: Int32Array.from(candidates.flatMap(({ buses }, i) => (buses.length === 1 ? [] : [i])))
})

const entriesOf = (
  candidates: readonly PlacedCandidate[],
  rowOfBus: Int32Array,
  rows: number,
  isAsked: (candidate: PlacedCandidate) => boolean
): Entries => {
  const firstOfRow = new Int32Array(rows + 1)
  for (const candidate of candidates)
    if (isAsked(candidate)) for (const bus of candidate.buses) firstOfRow[rowOfBus[bus]! + 1]!++
  for (let row = 0; row < rows; row++) firstOfRow[row + 1]! += firstOfRow[row]!
  const count = firstOfRow[rows]!
  const entries = {
    count,
    row: new Int32Array(count),
    candidate: new Int32Array(count),
    share: new Float64Array(count),
    perWatt: new Float64Array(count),
    quantity: new Uint8Array(count),
    firstOfRow
  }
  const next = firstOfRow.slice()
  candidates.forEach((candidate, i) => {
    if (!isAsked(candidate)) return
    const { buses, weights, quantity, direction } = candidate
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    buses.forEach((bus, k) => {
      const row = rowOfBus[bus]!
      const at = next[row]!++
      entries.row[at] = row
      entries.candidate[at] = i
      entries.share[at] = (signOf(direction) * weights[k]!) / total
      entries.perWatt[at] = entries.share[at]! / WATT_PER_UNIT
      entries.quantity[at] = quantity === 'Q' ? 1 : 0
    })
  })
  return entries
}
