/**
 * What the search for the cheapest activation works with, made once for all slots with the same units: the columns as
 * arrays, whole and by region, so that a step reads no objects.
 */
import type { Solver } from '../../optimisation/solver.ts'
import { BASE_MVA } from '../branch-admittance.ts'
import type { OperatingPoint } from '../power-flow.ts'
import { type Injections, sensitivitiesAtRows } from '../sensitivities.ts'
import type { BidSizes, Column } from './columns.ts'
import type { LimitWatch } from './limit-watch.ts'

export interface Workbench {
  readonly solver: Solver
  readonly point: OperatingPoint
  readonly watch: LimitWatch
  readonly columns: readonly Column[]
  readonly injections: Injections
  /** In the order of `watch.regions`. */
  readonly regions: readonly RegionColumns[]
  readonly sizes: BidSizes
}

export interface RegionColumns {
  /** By place in the workbench's list; all below is in this order. */
  readonly columns: Int32Array
  /** Per unit of the dearest price. */
  readonly cost: Float64Array
  readonly most: Float64Array
  readonly isDiscrete: Uint8Array
  readonly switches: number
  /** Up and down of one on/off unit. */
  readonly exclusive: readonly (readonly [number, number])[]
  /** Of the point, where the columns inject. */
  readonly sensitivities: ReturnType<typeof sensitivitiesAtRows>
}

export const workbench = (asked: Pick<Workbench, 'solver' | 'point' | 'watch' | 'columns' | 'sizes'>): Workbench => {
  const { point, watch, columns } = asked
  const lists: number[][] = watch.regions.map(() => [])
  for (const [k, { row }] of columns.entries()) lists[watch.regionOfRow[row]!]!.push(k)
  return {
    ...asked,
    injections: injectionsOf(columns),
    regions: lists.map(list => regionColumns(point, columns, list))
  }
}

/** Makes the point's powers those of `base` and these amounts, kW or kvar by column. */
export const inject = (
  { point, injections: { row, isReactive, factor } }: Pick<Workbench, 'point' | 'injections'>,
  base: { readonly p: Float64Array; readonly q: Float64Array },
  amounts: Float64Array
): void => {
  point.p.set(base.p)
  point.q.set(base.q)
  for (let k = 0; k < amounts.length; k++) {
    const amount = amounts[k]!
    if (amount !== 0) (isReactive[k] === 1 ? point.q : point.p)[row[k]!]! += (factor[k]! * amount) / (1000 * BASE_MVA)
  }
}

const regionColumns = (point: OperatingPoint, all: readonly Column[], list: readonly number[]): RegionColumns => {
  const own = list.map(k => all[k]!)
  const dearest = own.reduce((most, { price }) => Math.max(most, price), 0) || 1
  return {
    columns: Int32Array.from(list),
    cost: Float64Array.from(own, ({ price }) => price / dearest),
    most: Float64Array.from(own, ({ most }) => most),
    isDiscrete: Uint8Array.from(own, ({ isDiscrete }) => (isDiscrete ? 1 : 0)),
    switches: own.reduce((sum, { isDiscrete }) => sum + (isDiscrete ? 1 : 0), 0),
    exclusive: opposites(own),
    sensitivities: sensitivitiesAtRows(point, injectionsOf(own))
  }
}

const injectionsOf = (columns: readonly Column[]): Injections => ({
  row: Int32Array.from(columns, ({ row }) => row),
  isReactive: Uint8Array.from(columns, ({ quantity }) => (quantity === 'Q' ? 1 : 0)),
  factor: Float64Array.from(columns, ({ sign }) => sign)
})

const opposites = (own: readonly Column[]): readonly (readonly [number, number])[] => {
  const known = new Map<string, number>()
  const pairs: (readonly [number, number])[] = []
  own.forEach(({ isDiscrete, quantity, members }, n) => {
    if (!isDiscrete) return
    const key = `${members[0]!.unit} ${quantity}`
    const other = known.get(key)
    if (other === undefined) known.set(key, n)
    else pairs.push([other, n])
  })
  return pairs
}
