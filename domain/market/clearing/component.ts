/**
 * Slices that must be decided together, made small and put to the solver.
 *
 * Around the volume that the programme decides (blocks, restricted offers) merit order decides the rest, and more of that
 * volume only ever displaces the rest (supplies are substitutes). So two merit orders bound every case: without that
 * volume (nothing else is ever accepted) and with all of it accepted for nothing (what is still accepted then, for the
 * same side, always is). Only steps between the two enter the programme, merged by class and price: the *ladder*.
 */

import type { Start } from './block-starts.ts'
import { blockOf, type Compiled, marketCount, roomOf } from './compiled-book.ts'
import { solveLexicographic } from './lexicographic.ts'
import { clearSlice, type Flood, type Forced, openSlice, type Slice, type SliceClasses } from './merit-order.ts'
import type { Pool } from './pool.ts'
import { intervalAt, programmed, type Restriction, type Restrictions } from './restrictions.ts'
import { Programme, type Solver } from './solver.ts'

export interface BlockChoice {
  readonly offer: number
  readonly starts: readonly Start[]
  /** The least power above zero. */
  readonly least: number
}

export interface Component {
  readonly slices: readonly number[]
  readonly blocks: readonly BlockChoice[]
  readonly restrictions: readonly Restriction[]
}

export interface Rung {
  readonly dsoClass: number
  readonly tsoClass: number
  readonly price: number
  /** What may go to each side, and to both together. */
  toDso: number
  toTso: number
  total: number
}

export interface Ladder {
  readonly dso: Pool
  readonly tso: Pool
  readonly classes: SliceClasses
  /** Volume that is accepted in any case, by class. */
  readonly certainDso: Map<number, number>
  readonly certainTso: Map<number, number>
  /** By price. */
  readonly rungs: readonly Rung[]
}

/** `without`: the slice cleared without what the programme decides; `flood`: all of that. */
export const buildLadder = (
  compiled: Compiled,
  without: Slice,
  flood: readonly Flood[],
  restricted: ReadonlySet<number> | undefined
): Ladder => {
  const { market, mtu } = without
  const flooded = clearSlice(compiled, market, mtu, { without: restricted, flood })
  const { dso, tso, classes } = openSlice(compiled, market, mtu)
  const steps = compiled.steps[market]!
  const stillAccepted = new Map(flooded.steps.map((step, k) => [step, k]))
  const certainDso = new Map<number, number>()
  const certainTso = new Map<number, number>()
  const rungs = new Map<string, Rung>()
  const add = (map: Map<number, number>, key: number, amount: number): void => {
    if (amount > 0) map.set(key, (map.get(key) ?? 0) + amount)
  }
  without.steps.forEach((step, k) => {
    const offer = steps.offer[step]!
    const price = steps.price[step]!
    const kind = compiled.offerKind[offer]!
    const mask = classes.closedTo(offer)
    const dsoClass = classes.dsoClass(kind, mask, price)
    const tsoClass = classes.tsoClass(kind, mask, price)
    const mostDso = without.toDso[k]!
    const total = mostDso + without.toTso[k]!
    const still = stillAccepted.get(step)
    const leastDso = still === undefined ? 0 : flooded.toDso[still]!
    const stillTotal = still === undefined ? 0 : leastDso + flooded.toTso[still]!
    const sureDso = Math.min(mostDso, leastDso)
    const sureTso = Math.max(0, Math.min(total, stillTotal) - Math.max(mostDso, leastDso))
    add(certainDso, dsoClass, sureDso)
    add(certainTso, tsoClass, sureTso)
    const free = total - sureDso - sureTso
    if (free === 0) return
    const key = `${price} ${dsoClass} ${tsoClass}`
    let rung = rungs.get(key)
    if (!rung) {
      rung = { dsoClass, tsoClass, price, toDso: 0, toTso: 0, total: 0 }
      rungs.set(key, rung)
    }
    rung.toDso += mostDso - sureDso
    if (tsoClass >= 0) rung.toTso += free
    rung.total += free
  })
  const sizeOf = (rung: Rung): number => (rung.tsoClass < 0 ? 0 : tso.classes[rung.tsoClass]!.eligible.length)
  return {
    dso,
    tso,
    classes,
    certainDso,
    certainTso,
    rungs: [...rungs.values()].sort((a, b) => a.price - b.price || sizeOf(a) - sizeOf(b))
  }
}

export interface ComponentResult {
  /** By slice: what the programme decided. */
  readonly forced: ReadonlyMap<number, readonly Forced[]>
  readonly gap: number
  readonly nodes: number
  readonly wasInteger: boolean
}

interface Share {
  readonly offer: number
  readonly slice: number
  readonly price: number
  readonly dso: readonly (readonly [number, number])[]
  readonly tso: readonly (readonly [number, number])[]
}

/** Solves the component; undefined if the node limit came before any feasible point. */
export const solveComponent = (
  compiled: Compiled,
  solver: Solver,
  component: Component,
  restrictions: Restrictions,
  ladders: ReadonlyMap<number, Ladder>,
  start: ReadonlyMap<number, { start: number; power: number }> | undefined,
  proven: number
): ComponentResult | undefined => {
  const model = new Programme()
  const shares: Share[] = []
  const startIndices: number[] = []
  const startValues: number[] = []
  const blockRuns = addBlocks(
    compiled,
    model,
    component,
    ladders,
    shares,
    (column, value) => {
      startIndices.push(column)
      startValues.push(value)
    },
    start
  )
  for (const slice of component.slices)
    for (const offer of programmed(restrictions, slice) ?? [])
      addRestrictedOffer(compiled, model, slice, offer, ladders.get(slice)!, shares)
  for (const slice of component.slices) {
    const ladder = ladders.get(slice)!
    const dsoSupply = new Map<number, [number, number][]>()
    const tsoSupply = new Map<number, [number, number][]>()
    for (const rung of ladder.rungs) addRung(model, rung, dsoSupply, tsoSupply)
    for (const share of shares) {
      if (share.slice !== slice) continue
      const mask = ladder.classes.closedTo(share.offer)
      const kind = compiled.offerKind[share.offer]!
      if (share.dso.length > 0) supply(dsoSupply, ladder.classes.dsoClass(kind, mask, share.price), share.dso)
      if (share.tso.length > 0) supply(tsoSupply, ladder.classes.tsoClass(kind, mask, share.price), share.tso)
    }
    addDemand(model, ladder.dso, ladder.certainDso, dsoSupply)
    addDemand(model, ladder.tso, ladder.certainTso, tsoSupply)
  }
  addRestrictions(compiled, model, component, shares, blockRuns)
  if (model.columns === 0) return { forced: new Map(), gap: 0, nodes: 0, wasInteger: false }
  const result = solveLexicographic(solver, model, {
    nodeLimit: compiled.book.rules.nodeLimit,
    proven,
    start: start && startIndices.length > 0 ? { indices: startIndices, values: startValues } : undefined
  })
  if (!result) return undefined
  const forced = new Map<number, Forced[]>()
  const value = (entries: readonly (readonly [number, number])[]): number =>
    entries.reduce((sum, [column, factor]) => sum + factor * result.values[column]!, 0)
  for (const share of shares) {
    const toDso = value(share.dso)
    const toTso = value(share.tso)
    if (toDso + toTso === 0) continue
    const list = forced.get(share.slice) ?? []
    forced.set(share.slice, list)
    list.push({ offer: share.offer, price: share.price, toDso, toTso })
  }
  return { forced, gap: result.gap, nodes: result.nodes, wasInteger: model.integer.includes(true) }
}

const supply = (
  map: Map<number, [number, number][]>,
  key: number,
  entries: readonly (readonly [number, number])[]
): void => {
  const list = map.get(key) ?? []
  map.set(key, list)
  for (const [column, factor] of entries) list.push([column, factor])
}

const sideColumn = (model: Programme, dso: boolean, upper: number, price: number): number => {
  const column = model.addColumn(0, upper)
  model.costs[dso ? 0 : 2][column] = -1
  model.costs[dso ? 1 : 3][column] = price
  return column
}

const addRung = (
  model: Programme,
  rung: Rung,
  dsoSupply: Map<number, [number, number][]>,
  tsoSupply: Map<number, [number, number][]>
): void => {
  const both: [number, number][] = []
  if (rung.toDso > 0) {
    const column = sideColumn(model, true, rung.toDso, rung.price)
    supply(dsoSupply, rung.dsoClass, [[column, 1]])
    both.push([column, 1])
  }
  if (rung.toTso > 0) {
    const column = sideColumn(model, false, rung.toTso, rung.price)
    supply(tsoSupply, rung.tsoClass, [[column, 1]])
    both.push([column, 1])
  }
  if (both.length === 2 && rung.toDso + rung.toTso > rung.total) model.addRow(0, rung.total, both)
}

/** Supply of each class is shared over its requests; no request gets more than it asks. */
const addDemand = (
  model: Programme,
  pool: Pool,
  certain: ReadonlyMap<number, number>,
  supplies: ReadonlyMap<number, [number, number][]>
): void => {
  const intoRequest: [number, number][][] = pool.requests.map(() => [])
  const promised = new Float64Array(pool.requests.length)
  pool.classes.forEach(({ eligible }, c) => {
    const entries = supplies.get(c) ?? []
    const sure = certain.get(c) ?? 0
    if (entries.length === 0 && sure === 0) return
    if (eligible.length === 1) {
      intoRequest[eligible[0]!]!.push(...entries)
      promised[eligible[0]!]! += sure
      return
    }
    const flows = eligible.map((r): [number, number] => {
      const column = model.addColumn(0, pool.residual[r]!)
      intoRequest[r]!.push([column, 1])
      return [column, -1]
    })
    model.addRow(-sure, -sure, [...entries, ...flows])
  })
  intoRequest.forEach((entries, r) => {
    if (entries.length > 0) model.addRow(-Number.POSITIVE_INFINITY, pool.residual[r]! - promised[r]!, entries)
  })
}

/** One binary and one power for each start; at most one start. Returns, by `block × mtus + mtu`, the binaries that run. */
const addBlocks = (
  compiled: Compiled,
  model: Programme,
  component: Component,
  ladders: ReadonlyMap<number, Ladder>,
  shares: Share[],
  suggest: (column: number, value: number) => void,
  chosen: ReadonlyMap<number, { start: number; power: number }> | undefined
): Map<number, number[]> => {
  const running = new Map<number, number[]>()
  for (const { offer, starts, least } of component.blocks) {
    const block = blockOf(compiled, offer)
    const market = compiled.offerMarket[offer]!
    const kind = compiled.offerKind[offer]!
    const ons: [number, number][] = []
    const powersAt = new Map<number, [number, number][]>()
    const mostAt = new Map<number, number>()
    for (const { start, most } of starts) {
      const on = model.addColumn(0, 1, true)
      ons.push([on, 1])
      const choice = chosen?.get(offer)
      const isChosen = choice?.start === start
      suggest(on, isChosen ? 1 : 0)
      let power: [number, number] = [on, most]
      if (least < most) {
        const column = model.addColumn(0, most, true)
        suggest(column, isChosen ? choice.power : 0)
        model.addRow(0, Number.POSITIVE_INFINITY, [
          [column, 1],
          [on, -least]
        ])
        model.addRow(-Number.POSITIVE_INFINITY, 0, [
          [column, 1],
          [on, -most]
        ])
        power = [column, 1]
      }
      for (let t = start; t < start + block.duration; t++) {
        const powers = powersAt.get(t) ?? []
        powersAt.set(t, powers)
        powers.push(power)
        mostAt.set(t, Math.max(mostAt.get(t) ?? 0, most))
        const key = offer * compiled.book.mtus + t
        const list = running.get(key) ?? []
        running.set(key, list)
        list.push(on)
      }
    }
    if (ons.length > 1) model.addRow(0, 1, ons)
    for (const [t, powers] of powersAt) {
      const slice = t * marketCount + market
      const { classes } = ladders.get(slice)!
      const mask = classes.closedTo(offer)
      const forDso = classes.dsoClass(kind, mask, block.price) >= 0
      const forTso = classes.tsoClass(kind, mask, block.price) >= 0
      if (forDso && forTso) {
        const most = mostAt.get(t)!
        const dso = sideColumn(model, true, most, block.price)
        const tso = sideColumn(model, false, most, block.price)
        model.addRow(0, 0, [...powers, [dso, -1], [tso, -1]])
        shares.push({ offer, slice, price: block.price, dso: [[dso, 1]], tso: [[tso, 1]] })
      } else {
        for (const [column, factor] of powers) {
          model.costs[forDso ? 0 : 2][column]! -= factor
          model.costs[forDso ? 1 : 3][column]! += factor * block.price
        }
        shares.push({ offer, slice, price: block.price, dso: forDso ? powers : [], tso: forDso ? [] : powers })
      }
    }
  }
  return running
}

const addRestrictedOffer = (
  compiled: Compiled,
  model: Programme,
  slice: number,
  offer: number,
  ladder: Ladder,
  shares: Share[]
): void => {
  const interval = intervalAt(compiled, offer, Math.floor(slice / marketCount))
  if (!interval) return
  const mask = ladder.classes.closedTo(offer)
  const kind = compiled.offerKind[offer]!
  for (const { price, quantity } of interval.steps) {
    const forDso = ladder.classes.dsoClass(kind, mask, price) >= 0
    const forTso = ladder.classes.tsoClass(kind, mask, price) >= 0
    if (!forDso && !forTso) continue
    const dso: [number, number][] = forDso ? [[sideColumn(model, true, quantity, price), 1]] : []
    const tso: [number, number][] = forTso ? [[sideColumn(model, false, quantity, price), 1]] : []
    if (forDso && forTso) model.addRow(0, quantity, [...dso, ...tso])
    shares.push({ offer, slice, price, dso, tso })
  }
}

const addRestrictions = (
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
  // Room: for every unit that the programme decides anything of.
  for (const [slice, list] of bySlice) {
    const market = slice % marketCount
    const mtu = Math.floor(slice / marketCount)
    const byUnit = new Map<number, [number, number][]>()
    for (const share of list)
      if (book.units[offerUnit[share.offer]!]!.caps)
        supply(byUnit, offerUnit[share.offer]!, [...share.dso, ...share.tso])
    for (const [unit, entries] of byUnit) {
      const room = roomOf(compiled, unit, market, mtu)
      if (Number.isFinite(room)) model.addRow(-Number.POSITIVE_INFINITY, room, entries)
    }
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
      case 'room':
        break // above
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
