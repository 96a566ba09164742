/**
 * The order of preference of many candidates, worked out only as far as somebody looks: a binary heap that is emptied on
 * demand. Serving a cell takes a small part of what is offered there, and a search serves cells a hundred thousand
 * times, so a full sort would be most of its time.
 */

/** The k-th best position, -1 past the last one. Several readers may ask, in any order. */
export type Order = (k: number) => number

/**
 * The positions by rising key; equal keys by position. `isBefore`, where given, decides instead of the keys whenever two
 * of them are closer than rounding (a relative 1e-12) could have moved them.
 */
export const bestFirst = (
  positions: Int32Array,
  keys: Float64Array,
  isBefore?: (a: number, b: number) => boolean
): Order => {
  const heap = positions.slice()
  let size = heap.length
  const before = (a: number, b: number): boolean => {
    const difference = keys[a]! - keys[b]!
    if (isBefore === undefined) return difference < 0 || (difference === 0 && a < b)
    return Math.abs(difference) > keys[a]! * 1e-12 ? difference < 0 : isBefore(a, b)
  }
  const sink = (from: number): void => {
    const moving = heap[from]!
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, moving)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = moving
  }
  for (let k = (size >> 1) - 1; k >= 0; k--) sink(k)
  // What has been taken off the heap is kept behind it, best last: the array holds both parts.
  const last = heap.length - 1
  return k => {
    while (k <= last && size > last - k) {
      const best = heap[0]!
      size--
      heap[0] = heap[size]!
      if (size > 0) sink(0)
      heap[size] = best
    }
    return k > last ? -1 : heap[last - k]!
  }
}
