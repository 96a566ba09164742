/**
 * Exact hypervolume: how much of the objective space, up to a reference point, a front dominates. The one number that
 * says how near and how complete a front is; all objectives are minimised.
 *
 * Two objectives: one sweep over the sorted points. Three and more: WFG (While, Bradstreet, Barone 2012): the volume is
 * the sum over the points of what each adds to the points after it, which is a smaller front limited to its box.
 * Points that do not dominate the reference point strictly add nothing.
 */

type Point = Float64Array | readonly number[]

export const hypervolume = (points: readonly Point[], reference: Point): number => {
  const inside = points.filter(point => reference.every((limit, m) => point[m]! < limit))
  return volume(nonDominated(inside), reference)
}

/**
 * Hypervolume after each objective is mapped so that `ideal` becomes 0 and `nadir` becomes 1, up to `margin` (usually
 * 1.1, so that the ends of a front count too). An objective in which ideal and nadir are equal spans the width 1.
 */
export const normalisedHypervolume = (points: readonly Point[], ideal: Point, nadir: Point, margin = 1.1): number => {
  const spans = Array.from(ideal, (low, m) => (nadir[m]! > low ? nadir[m]! - low : 1))
  const scaled = points.map(point => spans.map((span, m) => (point[m]! - ideal[m]!) / span))
  return hypervolume(
    scaled,
    spans.map(() => margin)
  )
}

const volume = (front: readonly Point[], reference: Point): number => {
  if (front.length === 0) return 0
  if (reference.length === 1) return reference[0]! - Math.min(...front.map(point => point[0]!))
  if (reference.length === 2) return area(front, reference)
  // Worst first in the last objective: then the fronts that are left over shrink fastest.
  const last = reference.length - 1
  const order = [...front].sort((a, b) => b[last]! - a[last]!)
  let total = 0
  for (let i = 0; i < order.length; i++) total += exclusiveVolume(order[i]!, order.slice(i + 1), reference)
  return total
}

/** What the point dominates and none of the others does. */
const exclusiveVolume = (point: Point, others: readonly Point[], reference: Point): number => {
  let box = 1
  for (let m = 0; m < reference.length; m++) box *= reference[m]! - point[m]!
  // Every other point is at most as high in the last objective, so the limited front is flat there: one dimension less.
  const last = reference.length - 1
  const limited = others.map(other => Array.from({ length: last }, (_, m) => Math.max(other[m]!, point[m]!)))
  const flat = Array.from({ length: last }, (_, m) => reference[m]!)
  return box - volume(nonDominated(limited), flat) * (reference[last]! - point[last]!)
}

const area = (front: readonly Point[], reference: Point): number => {
  const order = [...front].sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!)
  let total = 0
  let height = reference[1]!
  for (const point of order) {
    if (point[1]! >= height) continue
    total += (reference[0]! - point[0]!) * (height - point[1]!)
    height = point[1]!
  }
  return total
}

const nonDominated = (points: readonly Point[]): Point[] => {
  if ((points[0]?.length ?? 0) <= 2) return [...points] // the sweep skips dominated points by itself
  const order = [...points].sort((a, b) => {
    for (let m = 0; m < a.length; m++) if (a[m] !== b[m]) return a[m]! - b[m]!
    return 0
  })
  const kept: Point[] = []
  for (const point of order) if (!kept.some(other => weaklyDominates(other, point))) kept.push(point)
  return kept
}

const weaklyDominates = (a: Point, b: Point): boolean => {
  for (let m = 0; m < a.length; m++) if (a[m]! > b[m]!) return false
  return true
}
