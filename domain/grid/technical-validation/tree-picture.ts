/**
 * The limits of a tree to first order, each in the time that its path takes and the candidates near it: what all candidates
 * of a part do together comes from sums over the rows, and one by one only those are looked at whose effect could be above the
 * threshold. The same picture as densePicture's, to rounding.
 */
import type { OperatingPoint } from '../power-flow.ts'
import { currentDerivativesOf } from '../sensitivities.ts'
import { type PathParts, type TreeSensitivities, treeSensitivities } from '../tree-sensitivities.ts'
import type { Entries } from './candidate-columns.ts'
import { factorOf } from './dense-picture.ts'
import type { LimitPicture, Pictured } from './limit-picture.ts'
import type { LimitScan, Monitored } from './limit-scan.ts'
import { linearLimitsOf } from './linear-limits.ts'

export const treePicture = (point: OperatingPoint, scan: LimitScan): LimitPicture | undefined => {
  const tree = treeSensitivities(point)
  if (tree === undefined) return undefined
  const found: Found = { count: 0, candidate: new Int32Array(), use: new Float64Array() }
  return pictured => {
    const { limits, monitored, candidates } = pictured
    const room = new Float64Array(monitored.length)
    const firstOf = new Int32Array(monitored.length + 1)
    found.count = 0
    point.linearise()
    tree.prepare()
    const look = lookIn(pictured, tree, found)
    monitored.forEach((one, c) => {
      room[c] = look(scan.roomOf(one, limits), partsOf(point, tree, one, scan), factorOf(point, one, scan))
      firstOf[c + 1] = found.count
    })
    return linearLimitsOf({ candidates: candidates.length, room, firstOf, candidate: found.candidate, use: found.use })
  }
}

/** Uses of limits so far; the arrays grow. */
interface Found {
  count: number
  candidate: Int32Array<ArrayBuffer>
  use: Float64Array<ArrayBuffer>
}

/** Looks at one limit after the other: notes the uses that count and answers with its room without any candidate. */
const lookIn = (
  { candidates, columns: { single, shared, sharing }, levels, effectLeast }: Pictured,
  tree: TreeSensitivities,
  found: Found
): ((left: number, parts: PathParts, factor: number) => number) => {
  const n = candidates.length
  const own = ownOf(single, tree)
  const ownShared = ownOf(shared, tree)
  const most = Float64Array.from(candidates, candidate => candidate.most)
  const { sumX, sumY, sumMost, sizeMax } = sumsOf(single, own, levels, most)
  const effect = new Float64Array(single.count)
  const sharedEffect = new Float64Array(n)

  return (left, { count, first, end, x, y }, factor) => {
    let room = left
    let strongestUse = 0
    let strongestCure = 0
    if (sharing.length > 0) {
      for (const i of sharing) sharedEffect[i] = 0
      for (let part = 0; part < count; part++) {
        const to = shared.firstOfRow[end[part]!]!
        for (let e = shared.firstOfRow[first[part]!]!; e < to; e++)
          sharedEffect[shared.candidate[e]!]! += factor * (x[part]! * ownShared.x[e]! + y[part]! * ownShared.y[e]!)
      }
      for (const i of sharing) {
        const one = sharedEffect[i]!
        room += one * levels[i]!
        if (one > strongestUse) strongestUse = one
        else if (one < strongestCure) strongestCure = one
      }
    }

    const isLookedAt = new Uint8Array(count)
    const lookAt = (part: number): void => {
      isLookedAt[part] = 1
      const px = factor * x[part]!
      const py = factor * y[part]!
      const to = single.firstOfRow[end[part]!]!
      for (let e = single.firstOfRow[first[part]!]!; e < to; e++) {
        const one = px * own.x[e]! + py * own.y[e]!
        effect[e] = one
        if (one > strongestUse) strongestUse = one
        else if (one < strongestCure) strongestCure = one
      }
    }
    // From the element upwards, so that the strongest come first and most other parts are below the threshold as a whole.
    let given = 0
    let farMost = 0
    for (let part = 0; part < count; part++) {
      const from = single.firstOfRow[first[part]!]!
      const to = single.firstOfRow[end[part]!]!
      if (from === to) continue
      const px = factor * x[part]!
      const py = factor * y[part]!
      const together = px * (sumX[to]! - sumX[from]!) + py * (sumY[to]! - sumY[from]!)
      room += together
      const size = Math.max(Math.abs(px), Math.abs(py))
      const strongest = size * sizeMax
      if (strongest >= effectLeast * strongestUse || strongest >= -effectLeast * strongestCure) lookAt(part)
      else {
        given += together
        farMost += size * (sumMost[to]! - sumMost[from]!)
      }
    }

    const leastUse = effectLeast * strongestUse
    const leastCure = effectLeast * strongestCure
    let nearMost = 0
    const before = found.count
    makeRoom(found, n)
    const { candidate, use } = found
    const sort = (one: number, i: number): void => {
      if (one >= leastUse || one <= leastCure) {
        if (one === 0) return
        candidate[found.count] = i
        use[found.count++] = one
      } else {
        given += one * levels[i]!
        if (one > 0) nearMost += one * most[i]!
      }
    }
    for (const i of sharing) sort(sharedEffect[i]!, i)
    for (let part = 0; part < count; part++) {
      if (isLookedAt[part] === 0) continue
      const to = single.firstOfRow[end[part]!]!
      for (let e = single.firstOfRow[first[part]!]!; e < to; e++) sort(effect[e]!, single.candidate[e]!)
    }
    if (nearMost + farMost <= room) return room - given
    // What the far parts could use at most was only bounded: now it has to be known.
    for (let part = 0; part < count; part++) {
      if (isLookedAt[part] === 1) continue
      lookAt(part)
      const to = single.firstOfRow[end[part]!]!
      for (let e = single.firstOfRow[first[part]!]!; e < to; e++)
        if (effect[e]! > 0) nearMost += effect[e]! * most[single.candidate[e]!]!
    }
    if (nearMost <= room) return room - given
    found.count = before
    const note = (one: number, i: number): void => {
      if (one === 0) return
      candidate[found.count] = i
      use[found.count++] = one
    }
    for (const i of sharing) note(sharedEffect[i]!, i)
    for (let part = 0; part < count; part++) {
      const to = single.firstOfRow[end[part]!]!
      for (let e = single.firstOfRow[first[part]!]!; e < to; e++) note(effect[e]!, single.candidate[e]!)
    }
    return room
  }
}

/** At least so many places more. */
const makeRoom = (found: Found, more: number): void => {
  const needed = found.count + more
  if (found.use.length >= needed) return
  const { candidate, use } = found
  found.candidate = new Int32Array(2 * needed)
  found.candidate.set(candidate)
  found.use = new Float64Array(2 * needed)
  found.use.set(use)
}

/** By entry: what of the row's own vector one W or var of the candidate moves. */
const ownOf = ({ count, row, share, quantity }: Entries, { ownP, ownQ }: TreeSensitivities) => {
  const x = new Float64Array(count)
  const y = new Float64Array(count)
  for (let e = 0; e < count; e++) {
    const perKilo = quantity[e] === 0 ? ownP : ownQ
    const at = 2 * row[e]!
    x[e] = (perKilo[at]! * share[e]!) / 1000
    y[e] = (perKilo[at + 1]! * share[e]!) / 1000
  }
  return { x, y }
}

/** Sums over the entries before each: of the vectors by level, and of their sizes by the most; and the largest size. */
const sumsOf = (
  { count, candidate }: Entries,
  { x, y }: { readonly x: Float64Array; readonly y: Float64Array },
  levels: Float64Array,
  most: Float64Array
) => {
  const sumX = new Float64Array(count + 1)
  const sumY = new Float64Array(count + 1)
  const sumMost = new Float64Array(count + 1)
  let sizeMax = 0
  for (let e = 0; e < count; e++) {
    const i = candidate[e]!
    const level = levels[i]!
    const size = Math.abs(x[e]!) + Math.abs(y[e]!)
    if (size > sizeMax) sizeMax = size
    sumX[e + 1] = sumX[e]! + x[e]! * level
    sumY[e + 1] = sumY[e]! + y[e]! * level
    sumMost[e + 1] = sumMost[e]! + size * most[i]!
  }
  return { sumX, sumY, sumMost, sizeMax }
}

/** Where and how the value of a limit depends on the voltages next to it. */
const partsOf = (
  { compiled, re, im }: OperatingPoint,
  tree: TreeSensitivities,
  one: Monitored,
  scan: LimitScan
): PathParts => {
  if (one.kind === 'under-voltage' || one.kind === 'over-voltage') {
    const row = compiled.rowOfBus[one.index]!
    const size = Math.hypot(re[row]!, im[row]!)
    return tree.along(row, { re: re[row]! / size, im: -im[row]! / size }, none)
  }
  const branches = compiled[one.kind === 'line-overload' ? 'lines' : 'transformers']
  const end = scan.loadingOf(one).isFrom ? 'from' : 'to'
  const { from, to } = currentDerivativesOf(branches, one.index, end, re, im)
  const f = branches.from[one.index]!
  const t = branches.to[one.index]!
  return f > t ? tree.along(f, from, to) : f < t ? tree.along(t, to, from) : tree.along(f, sumOf(from, to), none)
}

const none = { re: 0, im: 0 }
const sumOf = (a: typeof none, b: typeof none) => ({ re: a.re + b.re, im: a.im + b.im })
