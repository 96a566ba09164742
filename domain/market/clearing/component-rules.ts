/** The rules that tie offers, as rows of a component's programme; a binary says which way a restriction goes. */
import { type Compiled, marketCount, roomOf } from './compiled-book.ts'
import type { Component, Share } from './component.ts'
import type { Programme } from './programme.ts'
import { intervalAt } from './restrictions.ts'

export const addRestrictions = (
  compiled: Compiled,
  model: Programme,
  component: Component,
  shares: readonly Share[],
  blockRuns: ReadonlyMap<number, readonly number[]>
): void => {
  const { offerUnit, book } = compiled
  const bySlice = new Map<number, Share[]>()
  for (const share of shares) {
    const list = bySlice.get(share.slice) ?? []
    bySlice.set(share.slice, list)
    list.push(share)
  }
  /** At most `most` in all where the switch has the value that allows it (`when` 1 or 0), else nothing. */
  const switched = (entries: readonly (readonly [number, number])[], which: number, when: 0 | 1): void => {
    if (entries.length === 0) return
    const most = entries.reduce((sum, [column, factor]) => sum + factor * model.upper[column]!, 0)
    if (when === 1) model.addRow(-Number.POSITIVE_INFINITY, 0, [...entries, [which, -most]])
    else model.addRow(-Number.POSITIVE_INFINITY, most, [...entries, [which, most]])
  }
  const ofUnit = (unit: number, slice: number, single: boolean): Share[] =>
    (bySlice.get(slice) ?? []).filter(
      share => offerUnit[share.offer] === unit && (book.offers[share.offer]!.kind === 'single') === single
    )
  const runs = (unit: number, slice: number, which: number, when: 0 | 1): void => {
    for (const share of ofUnit(unit, slice, false)) {
      const on = blockRuns.get(share.offer * book.mtus + Math.floor(slice / marketCount)) ?? []
      const entries = on.map((column): [number, number] => [column, 1])
      if (when === 1) model.addRow(-Number.POSITIVE_INFINITY, 0, [...entries, [which, -1]])
      else model.addRow(-Number.POSITIVE_INFINITY, 1, [...entries, [which, 1]])
    }
  }
  for (const restriction of component.restrictions) {
    const at = (market: number): number => restriction.mtu * marketCount + market
    switch (restriction.rule) {
      case 'room': {
        const entries = (bySlice.get(at(restriction.market)) ?? [])
          .filter(share => offerUnit[share.offer] === restriction.unit)
          .flatMap(share => [...share.dso, ...share.tso])
        const room = roomOf(compiled, restriction.unit, restriction.market, restriction.mtu)
        if (entries.length > 0) model.addRow(Number.NEGATIVE_INFINITY, room, entries)
        break
      }
      case 'min-acceptance': {
        const slice = at(compiled.offerMarket[restriction.offer]!)
        const entries = (bySlice.get(slice) ?? [])
          .filter(share => share.offer === restriction.offer)
          .flatMap(share => [...share.dso, ...share.tso])
        if (entries.length === 0) break
        const { minAcceptance, steps } = intervalAt(compiled, restriction.offer, restriction.mtu)!
        const most = steps.reduce((sum, step) => sum + step.quantity, 0)
        const on = model.addColumn(0, 1, true)
        model.addRow(0, Number.POSITIVE_INFINITY, [...entries, [on, -minAcceptance]])
        model.addRow(-Number.POSITIVE_INFINITY, 0, [...entries, [on, -most]])
        break
      }
      case 'one-direction': {
        const which = model.addColumn(0, 1, true)
        for (const when of [0, 1] as const) {
          const slice = at(restriction.pair * 2 + when)
          switched(
            ofUnit(restriction.unit, slice, true).flatMap(share => [...share.dso, ...share.tso]),
            which,
            when
          )
          runs(restriction.unit, slice, which, when)
        }
        break
      }
      case 'one-side': {
        const which = model.addColumn(0, 1, true)
        for (let market = 0; market < marketCount; market++) {
          const slice = at(market)
          const singles = ofUnit(restriction.unit, slice, true)
          switched(
            singles.flatMap(share => share.dso),
            which,
            0
          )
          switched(
            singles.flatMap(share => share.tso),
            which,
            1
          )
          for (const share of ofUnit(restriction.unit, slice, false)) {
            switched(share.dso, which, 0)
            switched(share.tso, which, 1)
          }
        }
        break
      }
    }
  }
}
