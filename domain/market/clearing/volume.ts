/** What a pool has accepted, as columns that grow; of one class linked, mostly by rising price, from the last to those before it. */
import { type ClearingMemory, freshMemory } from './clearing-memory.ts'

export interface Volume {
  count: number
  /** Longer than what stands in them. */
  offer: Int32Array
  price: Float64Array
  amount: Float64Array
  /** The place of what the class accepted before; -1: nothing. */
  before: Int32Array
}

const noInts = new Int32Array(0)
const noFloats = new Float64Array(0)

export const noVolume = (): Volume => ({ count: 0, offer: noInts, price: noFloats, amount: noFloats, before: noInts })

/** Nothing yet, with room for so many rows. */
export const volumeFor = (rows: number, memory: ClearingMemory): Volume => ({ count: 0, ...room(rows, memory) })

const room = (rows: number, memory: ClearingMemory): Columns => ({
  offer: memory.ints(rows),
  price: memory.floats(rows),
  amount: memory.floats(rows),
  before: memory.ints(rows)
})

/** Returns its place. */
export const addRow = (volume: Volume, offer: number, price: number, amount: number, before: number): number => {
  const at = volume.count++
  if (at === volume.offer.length) Object.assign(volume, columns(volume, freshMemory, 2 * at + LEAST_ROOM))
  volume.offer[at] = offer
  volume.price[at] = price
  volume.amount[at] = amount
  volume.before[at] = before
  return at
}

const LEAST_ROOM = 64

/** With room for a share of it more. */
export const copyVolume = (volume: Volume, memory: ClearingMemory, roomShare = 0): Volume => {
  const { count } = volume
  if (count === 0) return noVolume()
  return { count, ...columns(volume, memory, count + Math.ceil(count * roomShare)) }
}

/** Overwrites another volume, in its memory where that is large enough. */
export const setVolume = (into: Volume, from: Volume): void => {
  const { count } = from
  if (into.offer.length < count) {
    Object.assign(into, copyVolume(from, freshMemory, 1))
    return
  }
  into.count = count
  copyRows(into, from, count)
}

type Columns = Omit<Volume, 'count'>

const copyRows = (into: Columns, { offer, price, amount, before }: Columns, count: number): void => {
  into.offer.set(offer.subarray(0, count))
  into.price.set(price.subarray(0, count))
  into.amount.set(amount.subarray(0, count))
  into.before.set(before.subarray(0, count))
}

/** The same rows with more room. */
const columns = (volume: Volume, memory: ClearingMemory, rows: number): Columns => {
  const larger = room(rows, memory)
  copyRows(larger, volume, Math.min(volume.count, volume.offer.length))
  return larger
}
