/**
 * The whole book as one lexicographic mixed-integer programme, written down as the rules are stated: no merit order, no
 * decomposition, no presolve of ours. It is the reference that `clearBook` must equal in all four objectives, and shares
 * nothing with it but the types and the solver. Slow on purpose: use it to check (`--oracle`), not to clear.
 */

import type { Solver } from '../../optimisation/solver.ts'
import type { Book, Offer, Request, Side, Unit } from './book.ts'
import { solveLexicographic } from './lexicographic.ts'
import { Programme } from './programme.ts'

export interface Optimum {
  /** W·MTU (and var·MTU). */
  readonly dsoServed: number
  readonly dsoCostTicks: number
  readonly tsoServed: number
  readonly tsoCostTicks: number
  /** 0 if all four are proven. */
  readonly gap: number
}

export const solveFullModel = (book: Book, solver: Solver): Optimum => {
  const model = new Programme()
  const units = new Map(book.units.map(unit => [unit.id, unit]))
  const unlimited = Number.POSITIVE_INFINITY
  const demandRows = new Map<string, [number, number][]>()
  const capRows = new Map<string, [number, number][]>()
  /** Per unit, MTU and quantity: columns (with the most they can be) by direction. Per unit and MTU: by side. */
  const byDirection = new Map<string, { UP: [number, number][]; DOWN: [number, number][] }>()
  const bySide = new Map<string, { DSO: [number, number][]; TSO: [number, number][] }>()

  const serve = (offer: Offer, unit: Unit, request: Request, t: number, most: number, price: number): number => {
    const column = model.addColumn(0, Math.min(most, demandAt(request, t)))
    const dso = request.side === 'DSO'
    model.costs[dso ? 0 : 2][column] = -1
    model.costs[dso ? 1 : 3][column] = price
    push(demandRows, `${request.id} ${t}`, [column, 1])
    push(capRows, `${unit.id} ${t} ${offer.quantity}_${offer.direction}`, [column, 1])
    const directionKey = `${unit.id} ${t} ${offer.quantity}`
    const directions = byDirection.get(directionKey) ?? { UP: [], DOWN: [] }
    byDirection.set(directionKey, directions)
    directions[offer.direction].push([column, most])
    const sideKey = `${unit.id} ${t}`
    const sides = bySide.get(sideKey) ?? { DSO: [], TSO: [] }
    bySide.set(sideKey, sides)
    sides[request.side].push([column, most])
    return column
  }

  for (const offer of book.offers) {
    const unit = units.get(offer.unit)!
    if (offer.kind === 'single')
      for (const interval of offer.intervals)
        for (let t = interval.mtu; t < interval.mtu + interval.mtus; t++) {
          const all: [number, number][] = []
          let total = 0
          for (const step of interval.steps) {
            total += step.quantity
            const columns = book.requests
              .filter(request => eligible(book, offer, unit, request, t, step.price))
              .map(request => serve(offer, unit, request, t, step.quantity, step.price))
            if (columns.length > 1)
              model.addRow(
                0,
                step.quantity,
                columns.map(column => [column, 1])
              )
            all.push(...columns.map((column): [number, number] => [column, 1]))
          }
          if (interval.minAcceptance > 0 && all.length > 0) {
            const on = model.addColumn(0, 1, true)
            model.addRow(0, unlimited, [...all, [on, -interval.minAcceptance]])
            model.addRow(-unlimited, 0, [...all, [on, -total]])
          }
        }
    else {
      const most = Math.min(offer.power, Math.floor(offer.maxEnergy / offer.duration))
      const least = Math.max(1, offer.minAcceptance)
      if (most < least) continue
      const starts: number[] = []
      const running = new Map<number, [number, number][]>()
      for (let start = offer.earliest; start + offer.duration <= offer.latest; start++) {
        const on = model.addColumn(0, 1, true)
        const power = model.addColumn(0, most, true)
        model.addRow(0, unlimited, [
          [power, 1],
          [on, -least]
        ])
        model.addRow(-unlimited, 0, [
          [power, 1],
          [on, -most]
        ])
        starts.push(on)
        for (let t = start; t < start + offer.duration; t++) running.set(t, [...(running.get(t) ?? []), [power, -1]])
      }
      if (starts.length > 0)
        model.addRow(
          0,
          1,
          starts.map(on => [on, 1])
        )
      for (const [t, powers] of running) {
        const shares = book.requests
          .filter(request => eligible(book, offer, unit, request, t, offer.price))
          .map((request): [number, number] => [serve(offer, unit, request, t, most, offer.price), 1])
        model.addRow(0, 0, [...powers, ...shares])
      }
    }
  }

  for (const request of book.requests)
    for (let t = 0; t < book.mtus; t++) {
      const entries = demandRows.get(`${request.id} ${t}`)
      if (entries) model.addRow(0, demandAt(request, t), entries)
    }
  for (const [key, entries] of capRows) {
    const [unitId, t, market] = splitKey(key)
    const list = units.get(unitId)!.caps?.[market as 'P_UP']
    if (list) model.addRow(0, list[Number(t)] ?? 0, entries)
  }
  for (const { UP, DOWN } of byDirection.values()) either(model, UP, DOWN)
  if (book.rules.exclusivePerPod) for (const { DSO, TSO } of bySide.values()) either(model, DSO, TSO)

  if (model.columns === 0) return { dsoServed: 0, dsoCostTicks: 0, tsoServed: 0, tsoCostTicks: 0, gap: 0 }
  const result = solveLexicographic(solver, model, { nodeLimit: book.rules.nodeLimit })
  if (!result) throw new Error('solveFullModel: no feasible point within the node limit')
  const [dsoServed, dsoCostTicks, tsoServed, tsoCostTicks] = result.objective
  return { dsoServed: 0 - dsoServed, dsoCostTicks, tsoServed: 0 - tsoServed, tsoCostTicks, gap: result.gap }
}

/** A binary lets one of two groups of columns be above zero. */
const either = (model: Programme, one: readonly [number, number][], other: readonly [number, number][]): void => {
  if (one.length === 0 || other.length === 0) return
  const which = model.addColumn(0, 1, true)
  for (const [column, most] of one)
    model.addRow(-Number.POSITIVE_INFINITY, 0, [
      [column, 1],
      [which, -most]
    ])
  for (const [column, most] of other)
    model.addRow(-Number.POSITIVE_INFINITY, most, [
      [column, 1],
      [which, most]
    ])
}

export const demandAt = (request: Request, mtu: number): number => {
  let power = 0
  for (const interval of request.profile)
    if (mtu >= interval.mtu && mtu < interval.mtu + interval.mtus) power += interval.power
  return power
}

/** Whether a W of this offer at this price may serve the request in this MTU, as the rules say it. */
export const eligible = (book: Book, offer: Offer, unit: Unit, request: Request, t: number, price: number): boolean => {
  const { quantity, direction } = offer
  if (request.quantity !== quantity || request.direction !== direction || demandAt(request, t) === 0) return false
  if (request.pods && !unit.pods.every(pod => request.pods!.includes(pod))) return false
  if (offer.service !== 'any' && offer.service !== request.service) return false
  if (request.priceLimit !== undefined && price > request.priceLimit) return false
  const taken = unit.takenDirection?.[quantity]?.[t]
  if (taken && taken !== direction) return false
  if (book.rules.exclusivePerPod && !allows(unit.servedSide?.[t], request.side)) return false
  if (request.side === 'TSO' && book.rules.dsoBlocksOpposite)
    return !book.requests.some(
      other =>
        other.side === 'DSO' &&
        other.quantity === quantity &&
        other.direction !== direction &&
        demandAt(other, t) > 0 &&
        (!other.pods || unit.pods.some(pod => other.pods!.includes(pod)))
    )
  return true
}

const allows = (served: Side | null | undefined, side: Side): boolean => !served || served === side

const push = <T>(map: Map<string, T[]>, key: string, entry: T): void => {
  const list = map.get(key)
  if (list) list.push(entry)
  else map.set(key, [entry])
}

const splitKey = (key: string): [string, string, string] => {
  const parts = key.split(' ')
  return [parts.slice(0, -2).join(' '), parts[parts.length - 2]!, parts[parts.length - 1]!]
}
