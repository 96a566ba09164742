/**
 * The plan of a sparse elimination, made once for a network: which node is eliminated when (fewest neighbours first, which
 * keeps fill-in small and makes a tree free of it), which entries come into being, and which triple of entries each step
 * touches. The numbers follow in `meshSteps`.
 */

export interface MeshElimination {
  /** Rows in the order of their elimination, external grids left out. */
  readonly order: Int32Array
  /** Entries beside the diagonal, two for each pair: (row eliminated earlier, later) then (later, earlier). */
  readonly entries: number
  /** Entry of pair n of the equations from its lower row to its higher; the way back; -1 where one of both is fixed. */
  readonly entryLowHigh: Int32Array
  readonly entryHighLow: Int32Array
  /** Neighbours left of the step's row when it is eliminated: rows `neighbour[start[step]..start[step+1]]`. */
  readonly start: Int32Array
  readonly neighbour: Int32Array
  /** For each of those: entry (row, neighbour) and entry (neighbour, row). */
  readonly out: Int32Array
  readonly back: Int32Array
  /** For the pairs of neighbours of a step, in order: entry (first, second), or the row of the diagonal as -1 - row. */
  readonly target: Int32Array
}

export const meshElimination = (
  rows: number,
  fixedRows: number,
  lows: Int32Array,
  highs: Int32Array
): MeshElimination => {
  const linked = Array.from({ length: rows }, () => new Set<number>())
  lows.forEach((low, n) => {
    if (low < fixedRows) return
    linked[low]!.add(highs[n]!)
    linked[highs[n]!]!.add(low)
  })
  const entryOf = new Map<number, number>()
  const entry = (row: number, column: number): number => {
    const key = row * rows + column
    const known = entryOf.get(key)
    if (known !== undefined) return known
    entryOf.set(key, entryOf.size)
    return entryOf.size - 1
  }
  const order: number[] = []
  const start = [0]
  const neighbour: number[] = []
  const out: number[] = []
  const back: number[] = []
  const target: number[] = []
  const queue = degreeQueue(linked, fixedRows)
  for (let row = queue.next(); row !== undefined; row = queue.next()) {
    order.push(row)
    const around = [...linked[row]!].sort((a, b) => a - b)
    for (const other of around) {
      neighbour.push(other)
      out.push(entry(row, other))
      back.push(entry(other, row))
      linked[other]!.delete(row)
    }
    start.push(neighbour.length)
    for (const first of around)
      for (const second of around) {
        if (first === second) target.push(-1 - first)
        else {
          target.push(entry(first, second))
          linked[first]!.add(second)
        }
      }
    for (const other of around) queue.changed(other)
  }
  return {
    order: Int32Array.from(order),
    entries: entryOf.size,
    entryLowHigh: Int32Array.from(lows, (low, n) => (low < fixedRows ? -1 : entry(low, highs[n]!))),
    entryHighLow: Int32Array.from(lows, (low, n) => (low < fixedRows ? -1 : entry(highs[n]!, low))),
    start: Int32Array.from(start),
    neighbour: Int32Array.from(neighbour),
    out: Int32Array.from(out),
    back: Int32Array.from(back),
    target: Int32Array.from(target)
  }
}

/** Gives the row with the fewest neighbours; rows wait in a bucket for each number of neighbours. */
const degreeQueue = (linked: readonly ReadonlySet<number>[], fixedRows: number) => {
  const buckets: number[][] = []
  const done = new Uint8Array(linked.length)
  let lowest = 0
  const put = (row: number): void => {
    const degree = linked[row]!.size
    while (buckets.length <= degree) buckets.push([])
    buckets[degree]!.push(row)
    lowest = Math.min(lowest, degree)
  }
  // Later rows first: they are the leaves of a tree.
  for (let row = fixedRows; row < linked.length; row++) put(row)
  return {
    changed: put,
    next(): number | undefined {
      for (; lowest < buckets.length; lowest++) {
        const bucket = buckets[lowest]!
        for (let row = bucket.pop(); row !== undefined; row = bucket.pop())
          if (done[row] === 0 && linked[row]!.size === lowest) {
            done[row] = 1
            return row
          }
      }
      return undefined
    }
  }
}
