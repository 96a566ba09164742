/**
 * Which slices (market and MTU) must be decided together: those that a block could run through, and those that a broken
 * rule ties. Slices in no component are done by merit order alone.
 */
import { blockOf, type Compiled, marketCount } from './compiled-book.ts'
import type { BlockChoice, Component } from './component.ts'
import { marketsOf, type Restriction, type Restrictions } from './restrictions.ts'

export const componentsOf = (
  compiled: Compiled,
  slices: readonly number[],
  blocks: readonly BlockChoice[],
  restrictions: Restrictions
): Component[] => {
  const count = compiled.book.mtus * marketCount
  const joined: Joined = { parent: new Int32Array(count).fill(none), isInvolved: new Uint8Array(count) }
  for (const slice of slices) joined.parent[slice] = slice
  const firsts = blocks.map(block => joinRuns(compiled, joined, block))
  const tied = [...restrictions.all.values()].map(restriction => ({
    restriction,
    first: joinTied(
      joined,
      marketsOf(compiled, restriction).map(market => restriction.mtu * marketCount + market)
    )
  }))
  for (const slice of restrictions.explicit.keys()) involve(joined, slice)
  const byRoot = new Map<number, { slices: number[]; blocks: BlockChoice[]; restrictions: Restriction[] }>()
  const at = (slice: number) => {
    const key = rootOf(joined, slice)
    let component = byRoot.get(key)
    if (!component) {
      component = { slices: [], blocks: [], restrictions: [] }
      byRoot.set(key, component)
    }
    return component
  }
  for (const slice of slices) if (joined.isInvolved[slice] === 1) at(slice).slices.push(slice)
  for (const [n, block] of blocks.entries()) at(firsts[n]!).blocks.push(block)
  for (const { restriction, first } of tied) if (first !== none) at(first).restrictions.push(restriction)
  return [...byRoot.values()]
}

/** By slice (`mtu × 4 + market`). */
interface Joined {
  /** A slice of the same component, itself if it stands for it; `none` where nobody asks for anything. */
  readonly parent: Int32Array
  readonly isInvolved: Uint8Array
}

const none = -1

const rootOf = ({ parent }: Joined, slice: number): number => {
  let at = slice
  while (parent[at]! !== at) {
    parent[at] = parent[parent[at]!]!
    at = parent[at]!
  }
  return at
}

/** False if the slice is none of those that are cleared. */
const involve = ({ parent, isInvolved }: Joined, slice: number): boolean => {
  if (parent[slice] === none) return false
  isInvolved[slice] = 1
  return true
}

const join = (joined: Joined, slice: number, other: number): void => {
  joined.parent[rootOf(joined, slice)] = rootOf(joined, other)
}

/** All slices that a block could run through; returns the first of them. */
const joinRuns = (compiled: Compiled, joined: Joined, { offer, starts }: BlockChoice): number => {
  const { duration } = blockOf(compiled, offer)
  const market = compiled.offerMarket[offer]!
  const first = starts[0]!.start * marketCount + market
  // Starts rise, so each run goes on where those before it ended.
  let covered = 0
  for (const { start } of starts)
    for (let t = Math.max(start, covered); t < start + duration; t++) {
      const slice = t * marketCount + market
      if (involve(joined, slice)) join(joined, slice, first)
      covered = t + 1
    }
  return first
}

/** Returns the first of these slices that is cleared, or `none`. */
const joinTied = (joined: Joined, slices: readonly number[]): number => {
  let first = none
  for (const slice of slices) {
    if (!involve(joined, slice)) continue
    if (first === none) first = slice
    join(joined, slice, first)
  }
  return first
}

/** Equal signatures have equal results. */
export const signatureOf = (component: Component, restrictions: Restrictions): string =>
  JSON.stringify([
    component.slices.map(slice => [slice, restrictions.offers.get(slice)?.size ?? 0]),
    component.blocks.map(({ offer, starts }) => [offer, starts.map(({ start }) => start)]),
    component.restrictions
  ])
