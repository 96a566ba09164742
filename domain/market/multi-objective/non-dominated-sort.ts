/**
 * Fast non-dominated sort and crowding distance (Deb, Pratap, Agarwal, Meyarivan 2002, sections III.A and III.B).
 *
 * All objectives are minimised. Constrained domination: of two solutions the one that violates less wins, whatever its
 * objectives; only solutions of equal violation (usually none) are compared by their objectives. So a solution that
 * serves less can never push out one that serves more.
 */

export interface Rated {
  /** Minimised, all of them. */
  readonly objectives: Float64Array
  /** 0 = feasible; otherwise how far from feasible, in any unit that all solutions share. */
  readonly violation: number
}

/** -1 when a dominates b, 1 when b dominates a, 0 when neither does. */
export const compareDominance = (a: Rated, b: Rated): -1 | 0 | 1 => {
  if (a.violation !== b.violation) return a.violation < b.violation ? -1 : 1
  let aIsBetter = false
  let bIsBetter = false
  for (let m = 0; m < a.objectives.length; m++) {
    const difference = a.objectives[m]! - b.objectives[m]!
    if (difference < 0) aIsBetter = true
    else if (difference > 0) bIsBetter = true
    if (aIsBetter && bIsBetter) return 0
  }
  if (aIsBetter) return -1
  return bIsBetter ? 1 : 0
}

/** Indices of the solutions, front by front; the first front is dominated by nothing. */
export const sortByDominance = (solutions: readonly Rated[]): number[][] => {
  const count = solutions.length
  const dominated: number[][] = solutions.map(() => [])
  const dominators = new Int32Array(count)
  for (let i = 0; i < count; i++)
    for (let j = i + 1; j < count; j++) {
      const order = compareDominance(solutions[i]!, solutions[j]!)
      if (order < 0) {
        dominated[i]!.push(j)
        dominators[j]!++
      } else if (order > 0) {
        dominated[j]!.push(i)
        dominators[i]!++
      }
    }
  const fronts: number[][] = []
  let front: number[] = []
  for (let i = 0; i < count; i++) if (dominators[i] === 0) front.push(i)
  while (front.length > 0) {
    fronts.push(front)
    const next: number[] = []
    for (const i of front)
      for (const j of dominated[i]!) {
        dominators[j]!--
        if (dominators[j] === 0) next.push(j)
      }
    // In the order of the solutions, so that ties further on do not depend on how domination was counted.
    front = next.sort((a, b) => a - b)
  }
  return fronts
}

/** How alone each solution of a front stands: the sum of its neighbours' normalised distances; the ends are infinite. */
export const crowdingDistances = (front: readonly Rated[]): Float64Array => {
  const count = front.length
  const distances = new Float64Array(count)
  const objectiveCount = front[0]?.objectives.length ?? 0
  for (let m = 0; m < objectiveCount; m++) {
    const order = Array.from({ length: count }, (_, i) => i)
    order.sort((a, b) => front[a]!.objectives[m]! - front[b]!.objectives[m]! || a - b)
    const lowest = front[order[0]!]!.objectives[m]!
    const span = front[order[count - 1]!]!.objectives[m]! - lowest
    distances[order[0]!] = Number.POSITIVE_INFINITY
    distances[order[count - 1]!] = Number.POSITIVE_INFINITY
    if (!(span > 0)) continue
    for (let k = 1; k < count - 1; k++)
      distances[order[k]!]! += (front[order[k + 1]!]!.objectives[m]! - front[order[k - 1]!]!.objectives[m]!) / span
  }
  return distances
}
