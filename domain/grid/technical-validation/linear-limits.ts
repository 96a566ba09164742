/**
 * Limits to first order around a state of the grid, as the dealing by rank sees them: by candidate, which limits are a matter
 * of it, and how much of each one unit of it uses.
 */
export interface LinearLimits {
  readonly count: number
  /** What is left of each limit when every candidate is at 0; negative: it is broken then. */
  readonly room: Float64Array
  /** The entries of candidate i are those from start[i] to start[i + 1]. */
  readonly start: Int32Array
  readonly limit: Int32Array
  /** What one unit uses of the limit; negative: it cures. */
  readonly use: Float64Array
}

/** Entries limit by limit: the first `firstOf[c + 1]` entries are of limits up to c; by candidate, one limit has at most one. */
export interface EntriesByLimit {
  readonly candidates: number
  readonly room: Float64Array
  readonly firstOf: Int32Array
  readonly candidate: Int32Array
  readonly use: Float64Array
}

export const linearLimitsOf = ({ candidates, room, firstOf, candidate, use }: EntriesByLimit): LinearLimits => {
  const count = room.length
  const entries = firstOf[count]!
  const start = new Int32Array(candidates + 1)
  for (let k = 0; k < entries; k++) start[candidate[k]! + 1]!++
  for (let i = 0; i < candidates; i++) start[i + 1]! += start[i]!
  const limit = new Int32Array(entries)
  const uses = new Float64Array(entries)
  const at = start.slice(0, candidates)
  for (let c = 0; c < count; c++)
    for (let k = firstOf[c]!; k < firstOf[c + 1]!; k++) {
      const place = at[candidate[k]!]!++
      limit[place] = c
      uses[place] = use[k]!
    }
  return { count, room, start, limit, use: uses }
}

/** Several pictures of the same candidates as one; of each the limits that `isKept` says. */
export const joinedLimits = (
  parts: readonly { readonly limits: LinearLimits; readonly isKept: (limit: number) => boolean }[]
): LinearLimits => {
  const room: number[] = []
  const places = parts.map(({ limits, isKept }) =>
    Int32Array.from({ length: limits.count }, (_, c) => (isKept(c) ? room.push(limits.room[c]!) - 1 : -1))
  )
  const candidates = (parts[0]?.limits.start.length ?? 1) - 1
  const start = new Int32Array(candidates + 1)
  const most = parts.reduce((sum, { limits }) => sum + limits.start[candidates]!, 0)
  const limit = new Int32Array(most)
  const use = new Float64Array(most)
  for (const [n, { limits }] of parts.entries()) countEntries(limits, places[n]!, start)
  for (let i = 0; i < candidates; i++) start[i + 1]! += start[i]!
  const at = start.slice(0, candidates)
  for (const [n, { limits }] of parts.entries()) placeEntries(limits, places[n]!, at, limit, use)
  return { count: room.length, room: Float64Array.from(room), start, limit, use }
}

const countEntries = ({ start, limit }: LinearLimits, places: Int32Array, counts: Int32Array): void => {
  for (let i = 0; i < start.length - 1; i++)
    for (let k = start[i]!; k < start[i + 1]!; k++) if (places[limit[k]!]! >= 0) counts[i + 1]!++
}

const placeEntries = (
  from: LinearLimits,
  places: Int32Array,
  at: Int32Array,
  limit: Int32Array,
  use: Float64Array
): void => {
  for (let i = 0; i < at.length; i++)
    for (let k = from.start[i]!; k < from.start[i + 1]!; k++) {
      const place = places[from.limit[k]!]!
      if (place < 0) continue
      limit[at[i]!] = place
      use[at[i]!++] = from.use[k]!
    }
}
