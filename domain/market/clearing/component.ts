/**
 * Slices that must be decided together, as one lexicographic programme: blocks by start and power, restricted offers by step,
 * the rules that tie them, and around them the ladder of each slice (ladder.ts).
 */

import type { Solver } from '../../optimisation/solver.ts'
import type { Start } from './block-starts.ts'
import { blockOf, type Compiled, marketCount } from './compiled-book.ts'
import { addRestrictions } from './component-rules.ts'
import type { Ladder, Rung } from './ladder.ts'
import { solveLexicographic } from './lexicographic.ts'
import type { Forced } from './merit-order.ts'
import type { Pool } from './pool.ts'
import { Programme } from './programme.ts'
import { intervalAt, programmed, type Restriction, type Restrictions } from './restrictions.ts'
import { closedTo, dsoClassOf, tsoClassOf } from './slice-classes.ts'

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

export interface ComponentResult {
  /** By slice: what the programme decided. */
  readonly forced: ReadonlyMap<number, readonly Forced[]>
  readonly gap: number
  readonly nodes: number
  readonly wasInteger: boolean
}

export interface Share {
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
      const mask = closedTo(ladder.classes, share.offer)
      const kind = compiled.offerKind[share.offer]!
      if (share.dso.length > 0) supply(dsoSupply, dsoClassOf(ladder.classes, kind, mask, share.price), share.dso)
      if (share.tso.length > 0) supply(tsoSupply, tsoClassOf(ladder.classes, kind, mask, share.price), share.tso)
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
  pool.shape.eligible.forEach((eligible, c) => {
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
      const mask = closedTo(classes, offer)
      const forDso = dsoClassOf(classes, kind, mask, block.price) >= 0
      const forTso = tsoClassOf(classes, kind, mask, block.price) >= 0
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
  const mask = closedTo(ladder.classes, offer)
  const kind = compiled.offerKind[offer]!
  for (const { price, quantity } of interval.steps) {
    const forDso = dsoClassOf(ladder.classes, kind, mask, price) >= 0
    const forTso = tsoClassOf(ladder.classes, kind, mask, price) >= 0
    if (!forDso && !forTso) continue
    const dso: [number, number][] = forDso ? [[sideColumn(model, true, quantity, price), 1]] : []
    const tso: [number, number][] = forTso ? [[sideColumn(model, false, quantity, price), 1]] : []
    if (forDso && forTso) model.addRow(0, quantity, [...dso, ...tso])
    shares.push({ offer, slice, price, dso, tso })
  }
}
