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
import { emptyOwn, fillOwn, type OwnEffects } from './own-effects.ts'

export const treePicture = (point: OperatingPoint, scan: LimitScan): LimitPicture | undefined => {
  const tree = treeSensitivities(point)
  if (tree === undefined) return undefined
  const found: Found = { count: 0, candidate: new Int32Array(), use: new Float64Array() }
  let own = emptyOwn(0)
  let ownShared = emptyOwn(0)
  return pictured => {
    const { limits, monitored, most, levels, columns } = pictured
    const room = new Float64Array(monitored.length)
    const firstOf = new Int32Array(monitored.length + 1)
    found.count = 0
    point.linearise()
    tree.prepare()
    if (own.x.length !== columns.single.count) own = emptyOwn(columns.single.count)
    if (ownShared.x.length !== columns.shared.count) ownShared = emptyOwn(columns.shared.count)
    fillOwn(own, columns.single, tree, levels, most)
    fillOwn(ownShared, columns.shared, tree, levels, most)
    const look = lookIn(pictured, own, ownShared, found)
    monitored.forEach((one, c) => {
      room[c] = look(scan.roomOf(one, limits), partsOf(point, tree, one, scan), factorOf(point, one, scan))
      firstOf[c + 1] = found.count
    })
    return linearLimitsOf({ candidates: most.length, room, firstOf, candidate: found.candidate, use: found.use })
  }
}

/** Uses of limits so far; the arrays grow. */
interface Found {
  count: number
  candidate: Int32Array<ArrayBuffer>
  use: Float64Array<ArrayBuffer>
}

/**
 * Looks at one limit after the other: notes the uses that count and answers with its room without any candidate. Numbers that
 * change are kept out of inner functions, which would put each new value on the heap.
 */
const lookIn = (
  { most, columns: { single, shared, sharing }, levels, effectLeast }: Pictured,
  own: OwnEffects,
  ownShared: OwnEffects,
  found: Found
): ((left: number, parts: PathParts, factor: number) => number) => {
  const n = most.length
  const { x: ownX, y: ownY, sumX, sumY, sumMost, effect, sizeMax } = own
  const { firstOfRow, candidate: candidateOf } = single
  const sharedEffect = new Float64Array(sharing.length > 0 ? n : 0)
  let isLookedAt = new Uint8Array()

  return (left, parts, factor) => {
    const { count, first, end, x, y } = parts
    if (isLookedAt.length < count) isLookedAt = new Uint8Array(2 * count)
    let room = left
    let strongestUse = 0
    let strongestCure = 0
    if (sharing.length > 0) effectsOfShared(sharedEffect, shared, ownShared, sharing, parts, factor)
    for (const i of sharing) {
      const one = sharedEffect[i]!
      room += one * levels[i]!
      if (one > strongestUse) strongestUse = one
      else if (one < strongestCure) strongestCure = one
    }
    // From the element upwards, so that the strongest come first and most other parts are below the threshold as a whole.
    let given = 0
    let farMost = 0
    for (let part = 0; part < count; part++) {
      isLookedAt[part] = 0
      const from = firstOfRow[first[part]!]!
      const to = firstOfRow[end[part]!]!
      if (from === to) continue
      const px = factor * x[part]!
      const py = factor * y[part]!
      const together = px * (sumX[to]! - sumX[from]!) + py * (sumY[to]! - sumY[from]!)
      room += together
      const size = Math.max(Math.abs(px), Math.abs(py))
      const strongest = size * sizeMax
      if (strongest < effectLeast * strongestUse && strongest < -effectLeast * strongestCure) {
        given += together
        farMost += size * (sumMost[to]! - sumMost[from]!)
        continue
      }
      isLookedAt[part] = 1
      for (let e = from; e < to; e++) {
        const one = px * ownX[e]! + py * ownY[e]!
        effect[e] = one
        if (one > strongestUse) strongestUse = one
        else if (one < strongestCure) strongestCure = one
      }
    }

    const leastUse = effectLeast * strongestUse
    const leastCure = effectLeast * strongestCure
    const before = found.count
    makeRoom(found, n)
    const { candidate, use } = found
    let at = before
    let nearMost = 0
    for (const i of sharing) {
      const one = sharedEffect[i]!
      if (one >= leastUse || one <= leastCure) {
        candidate[at] = i
        use[at] = one
        if (one !== 0) at++
      } else {
        given += one * levels[i]!
        if (one > 0) nearMost += one * most[i]!
      }
    }
    for (let part = 0; part < count; part++) {
      if (isLookedAt[part] === 0) continue
      const to = firstOfRow[end[part]!]!
      for (let e = firstOfRow[first[part]!]!; e < to; e++) {
        const one = effect[e]!
        const i = candidateOf[e]!
        if (one >= leastUse || one <= leastCure) {
          candidate[at] = i
          use[at] = one
          if (one !== 0) at++
        } else {
          given += one * levels[i]!
          if (one > 0) nearMost += one * most[i]!
        }
      }
    }
    found.count = at
    if (nearMost + farMost <= room) return room - given
    // What the far parts could use at most was only bounded: now it has to be known.
    for (let part = 0; part < count; part++) {
      if (isLookedAt[part] === 1) continue
      const to = firstOfRow[end[part]!]!
      for (let e = firstOfRow[first[part]!]!; e < to; e++) {
        effect[e] = factor * (x[part]! * ownX[e]! + y[part]! * ownY[e]!)
        if (effect[e]! > 0) nearMost += effect[e]! * most[candidateOf[e]!]!
      }
    }
    if (nearMost <= room) return room - given
    // All effects count.
    at = before
    for (const i of sharing) {
      if (sharedEffect[i] === 0) continue
      candidate[at] = i
      use[at++] = sharedEffect[i]!
    }
    for (let part = 0; part < count; part++) {
      const to = firstOfRow[end[part]!]!
      for (let e = firstOfRow[first[part]!]!; e < to; e++) {
        if (effect[e] === 0) continue
        candidate[at] = candidateOf[e]!
        use[at++] = effect[e]!
      }
    }
    found.count = at
    return room
  }
}

/** Of candidates with several members: the sum over these. */
const effectsOfShared = (
  effect: Float64Array,
  { firstOfRow, candidate }: Entries,
  own: OwnEffects,
  sharing: Int32Array,
  { count, first, end, x, y }: PathParts,
  factor: number
): void => {
  for (const i of sharing) effect[i] = 0
  for (let part = 0; part < count; part++) {
    const to = firstOfRow[end[part]!]!
    for (let e = firstOfRow[first[part]!]!; e < to; e++)
      effect[candidate[e]!]! += factor * (x[part]! * own.x[e]! + y[part]! * own.y[e]!)
  }
}

/** At least so many places more. */
const makeRoom = (found: Found, more: number): void => {
  // One more, as what turns out to be 0 is written before it is left out.
  const needed = found.count + more + 1
  if (found.use.length >= needed) return
  const { candidate, use } = found
  found.candidate = new Int32Array(2 * needed)
  found.candidate.set(candidate)
  found.use = new Float64Array(2 * needed)
  found.use.set(use)
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
