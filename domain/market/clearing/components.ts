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
  const parent = new Map<number, number>(slices.map(slice => [slice, slice]))
  const root = (slice: number): number => {
    let at = slice
    while (parent.get(at)! !== at) {
      parent.set(at, parent.get(parent.get(at)!)!)
      at = parent.get(at)!
    }
    return at
  }
  const join = (all: readonly number[]): void => {
    const present = all.filter(slice => parent.has(slice))
    for (const slice of present) parent.set(root(slice), root(present[0]!))
  }
  const involved = new Set<number>()
  const reach = new Map<BlockChoice, number[]>()
  for (const block of blocks) {
    const { duration } = blockOf(compiled, block.offer)
    const market = compiled.offerMarket[block.offer]!
    const run = new Set<number>()
    for (const { start } of block.starts)
      for (let t = start; t < start + duration; t++) run.add(t * marketCount + market)
    reach.set(block, [...run])
  }
  for (const run of reach.values()) {
    join(run)
    for (const slice of run) involved.add(slice)
  }
  for (const restriction of restrictions.all.values()) {
    const tied = marketsOf(compiled, restriction).map(market => restriction.mtu * marketCount + market)
    join(tied)
    for (const slice of tied) if (parent.has(slice)) involved.add(slice)
  }
  for (const slice of restrictions.explicit.keys()) if (parent.has(slice)) involved.add(slice)
  const byRoot = new Map<number, { slices: number[]; blocks: BlockChoice[]; restrictions: Restriction[] }>()
  const at = (slice: number) => {
    const key = root(slice)
    let component = byRoot.get(key)
    if (!component) {
      component = { slices: [], blocks: [], restrictions: [] }
      byRoot.set(key, component)
    }
    return component
  }
  for (const slice of slices) if (involved.has(slice)) at(slice).slices.push(slice)
  for (const [block, run] of reach) at(run[0]!).blocks.push(block)
  for (const restriction of restrictions.all.values()) {
    const slice = marketsOf(compiled, restriction)
      .map(market => restriction.mtu * marketCount + market)
      .find(tied => parent.has(tied))
    if (slice !== undefined) at(slice).restrictions.push(restriction)
  }
  return [...byRoot.values()]
}

/** Equal signatures have equal results. */
export const signatureOf = (component: Component, restrictions: Restrictions): string =>
  JSON.stringify([
    component.slices.map(slice => [slice, restrictions.offers.get(slice)?.size ?? 0]),
    component.blocks.map(({ offer, starts }) => [offer, starts.map(({ start }) => start)]),
    component.restrictions
  ])
