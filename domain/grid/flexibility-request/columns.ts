/**
 * What can be moved, as the columns of an optimisation: each way (P or Q, up or down) of the units of one node at one price
 * is one column, since the grid cannot tell them apart; a discrete unit's way is a column of its own, all or nothing.
 *
 * Bands are cut to whole steps (what may be asked for) and ways below the smallest bid, or without a node with voltage,
 * are left out. `activationsOf` turns amounts back into units: whole steps, never less than the amount, each unit's smallest
 * bid respected, in the order of the units; so what a limit needs is given after rounding too.
 */
import type { CompiledNetwork } from '../compile-network.ts'
import type { Activation, FlexibleUnit } from '../flexible-unit.ts'

export interface Column {
  readonly row: number
  readonly quantity: 'P' | 'Q'
  /** Of the injection. */
  readonly sign: 1 | -1
  /** µ€ per kWh or kvarh. */
  readonly price: number
  /** All of it, kW or kvar. */
  readonly most: number
  readonly isDiscrete: boolean
  /** Units in their order, and what each of them can give, W or var. */
  readonly members: readonly { readonly unit: number; readonly most: number }[]
}

/** What may be asked for, W or var. */
export interface BidSizes {
  readonly step: number
  readonly smallest: number
}

const ways = [
  { quantity: 'P', sign: 1, name: 'upP' },
  { quantity: 'P', sign: -1, name: 'downP' },
  { quantity: 'Q', sign: 1, name: 'upQ' },
  { quantity: 'Q', sign: -1, name: 'downQ' }
] as const

export const columnsOf = (
  { rowOfBus, topology, equations }: CompiledNetwork,
  units: readonly FlexibleUnit[],
  { step, smallest }: BidSizes
): readonly Column[] => {
  const continuous = new Map<
    string,
    { column: Omit<Column, 'most' | 'members'>; members: Column['members'][number][] }
  >()
  const columns: Column[] = []
  units.forEach(({ bus, kind, band, prices }, unit) => {
    const place = topology.busIndex.get(bus)
    const row = place === undefined ? -1 : rowOfBus[place]!
    if (row < equations.fixedRows) return
    for (const { quantity, sign, name } of ways) {
      const whole = Math.abs(band[name])
      const most = kind === 'discrete' ? whole : Math.floor(whole / step) * step
      if (most < Math.max(1, smallest)) continue
      const price = prices[name]
      const isDiscrete = kind === 'discrete'
      const column = { row, quantity, sign, price, isDiscrete }
      if (isDiscrete) {
        columns.push({ ...column, most: most / 1000, members: [{ unit, most }] })
        continue
      }
      const key = `${row} ${name} ${price}`
      const known = continuous.get(key)
      if (known === undefined) continuous.set(key, { column, members: [{ unit, most }] })
      else known.members.push({ unit, most })
    }
  })
  for (const { column, members } of continuous.values())
    columns.push({ ...column, most: members.reduce((sum, one) => sum + one.most, 0) / 1000, members })
  return columns.sort((a, b) => a.row - b.row)
}

/** Amounts below this, kW, are the solver's rounding. */
const NOTHING_KW = 1e-7

/** Whole W of each member of each column that are at least `amounts` (kW). */
export const roundedUp = (
  columns: readonly Column[],
  amounts: Float64Array,
  { step, smallest }: BidSizes
): readonly (readonly number[])[] =>
  columns.map(({ isDiscrete, members }, k) => {
    const amount = amounts[k]!
    if (amount <= NOTHING_KW) return []
    if (isDiscrete) return members.map(({ most }) => most)
    let left = Math.ceil((amount - NOTHING_KW) * (1000 / step)) * step
    return members.map(({ most }) => {
      if (left <= 0) return 0
      const given = Math.min(most, Math.max(left, smallest))
      left -= given
      return given
    })
  })

/** kW of each column. */
export const amountsOf = (whole: readonly (readonly number[])[]): Float64Array =>
  Float64Array.from(whole, watts => watts.reduce((sum, one) => sum + one, 0) / 1000)

/** One for each unit that is moved, in the order of the units. */
export const activationsOf = (
  units: readonly FlexibleUnit[],
  columns: readonly Column[],
  whole: readonly (readonly number[])[]
): readonly Activation[] => {
  const byUnit = new Map<number, { p: number; q: number }>()
  columns.forEach(({ quantity, sign, members }, k) => {
    whole[k]!.forEach((amount, n) => {
      const { unit } = members[n]!
      const watts = sign * amount
      if (watts === 0) return
      const sum = byUnit.get(unit) ?? { p: 0, q: 0 }
      if (quantity === 'P') sum.p += watts
      else sum.q += watts
      byUnit.set(unit, sum)
    })
  })
  return [...byUnit]
    .filter(([, { p, q }]) => p !== 0 || q !== 0)
    .sort(([a], [b]) => a - b)
    .map(([unit, sum]) => ({ pod: units[unit]!.pod, ...sum }))
}

/** µ€ for moving these amounts (kW) for `hours`. */
export const costOf = (columns: readonly Column[], amounts: ArrayLike<number>, hours: number): number => {
  let sum = 0
  for (let k = 0; k < columns.length; k++) sum += columns[k]!.price * amounts[k]! * hours
  return sum
}
