/**
 * A slice cleared again around volume that takes its place before all others, as `clearSlice` would, but looking only at what was
 * accepted without that volume.
 *
 * Why that is enough: what a pool accepts by merit order is the cheapest base of a matroid. With some volume in it already the
 * base is a part of what it was (what closed a circuit still closes one), so the DSO takes nothing that it did not take before.
 * What it gives back the TSO is offered too, whose base is then a part of that and of its former one. Requests are shared out
 * by the same calls in the same order, since a step that is refused moves nothing. The room of a unit needs no further look:
 * both sides together take no more of it than before.
 */
import type { Compiled } from './compiled-book.ts'
import { accept, demandAt, type Forced, force, type Slice, type SlicePools, writeOnPaper } from './merit-order.ts'
import { emptied, type Pool } from './pool.ts'
import { classesOfPools, closedTo, dsoClassOf, type SliceClasses, tsoClassOf } from './slice-classes.ts'
import { copyVolume, volumeFor } from './volume.ts'

/** `cleared`: by `clearSlice`, without forced volume. */
export const clearAround = (compiled: Compiled, cleared: Slice, forced: readonly Forced[]): SlicePools => {
  const { mtu } = cleared
  const dso = emptied(cleared.dso, demandAt(compiled, cleared.dso.requests, mtu))
  const tso = emptied(cleared.tso, demandAt(compiled, cleared.tso.requests, mtu))
  const classes = classesOfPools(cleared.classes, dso, tso)
  // The DSO accepts no more rows than it had, and these: they need not be written twice.
  writeOnPaper(dso, tso)
  dso.volume = volumeFor(cleared.dso.volume.count + forced.length, compiled.memory)
  for (const one of forced) force(compiled, dso, tso, classes, one)
  const taken = offerToDso(compiled, cleared, dso, classes)
  if (tso.requests.length > 0) offerToTso(compiled, cleared, taken, tso, classes)
  tso.volume = copyVolume(tso.volume, compiled.memory)
  return { mtu, dso, tso, classes }
}

/** Paper, by place among the steps that were accepted: what the DSO takes now. */
let takenNow = new Float64Array(0)

const offerToDso = (compiled: Compiled, cleared: Slice, dso: Pool, classes: SliceClasses): Float64Array => {
  // Its rows are the first of the steps, in their order.
  const { count, offer, price, amount } = cleared.dso.volume
  if (takenNow.length < cleared.steps.length) takenNow = new Float64Array(2 * cleared.steps.length)
  takenNow.fill(0, 0, cleared.steps.length)
  const { offerKind } = compiled
  for (let n = 0; n < count && dso.left > 0; n++) {
    const o = offer[n]!
    const bid = price[n]!
    const classIndex = dsoClassOf(classes, offerKind[o]!, closedTo(classes, o), bid)
    if (classIndex >= 0) takenNow[n] = accept(dso, classIndex, o, bid, amount[n]!)
  }
  return takenNow
}

const offerToTso = (
  compiled: Compiled,
  cleared: Slice,
  taken: Float64Array,
  tso: Pool,
  classes: SliceClasses
): void => {
  const { steps, toDso, toTso } = cleared
  const { offer, price } = compiled.merit[cleared.market]![cleared.mtu]!
  const { offerKind } = compiled
  const order = byMerit(cleared, taken)
  for (let k = 0; k < order.length; k++) {
    const n = order[k]!
    if (tso.left === 0) return
    const o = offer[steps[n]!]!
    const bid = price[steps[n]!]!
    const classIndex = tsoClassOf(classes, offerKind[o]!, closedTo(classes, o), bid)
    if (classIndex >= 0) accept(tso, classIndex, o, bid, toTso[n]! + toDso[n]! - taken[n]!)
  }
}

/**
 * Places of the steps of which anything is left for the TSO, in merit order: those that the DSO took a part of, which are few and
 * mostly in order, among those that it took nothing of, which are in order.
 */
const byMerit = ({ steps, toDso, toTso }: Slice, taken: Float64Array): Int32Array => {
  const places = new Int32Array(steps.length)
  let shared = 0
  let n = 0
  for (; n < steps.length && toDso[n]! > 0; n++)
    if (toTso[n]! + toDso[n]! - taken[n]! > 0) insert(places, shared++, n, steps)
  const count = shared + steps.length - n
  // From the last to the first, into the room behind.
  let last = count
  for (let m = steps.length - 1; m >= n; m--) {
    while (shared > 0 && steps[places[shared - 1]!]! > steps[m]!) places[--last] = places[--shared]!
    places[--last] = m
  }
  return places.subarray(0, count)
}

const insert = (places: Int32Array, count: number, place: number, steps: Int32Array): void => {
  let at = count
  for (; at > 0 && steps[places[at - 1]!]! > steps[place]!; at--) places[at] = places[at - 1]!
  places[at] = place
}
