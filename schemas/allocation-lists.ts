/**
 * The long lists of an outcome's events written from columns, without an object for each item: the allocations of OfferCleared, of
 * which a session has a hundred thousand, and what RequestCleared says by MTU. There are few requests and instants, whose bytes
 * are the same each time.
 *
 * Promises: the bytes that the codec writes for the same list (property tests hold it).
 */
import { NUMBER_BYTES, putLong } from './wire-output.ts'

/** An allocation's request, side, start, MTUs, quantity and price stand in columns at the same place. */
export interface AllocationColumns {
  /** The allocations of offer `o` are those from `offerFrom[o]` up to `offerFrom[o + 1]`. */
  readonly offerFrom: Int32Array
  /** Place in `requests`. */
  readonly request: Int32Array
  /** Place in `startOf`. */
  readonly mtu: Int32Array
  readonly mtus: Int32Array
  readonly power: Float64Array
  readonly price: Float64Array
}

/** Lists by offer, or by request: that of offer `o` is `bytes` from `from[o]` up to `from[o + 1]`. */
export interface WrittenLists {
  readonly bytes: Uint8Array
  readonly from: Int32Array
}

/** `startOf`: the instant at which each MTU begins, ms. */
export const writtenAllocations = (
  columns: AllocationColumns,
  requests: readonly { readonly id: string; readonly side: 'DSO' | 'TSO' }[],
  startOf: readonly number[]
): WrittenLists => {
  const { offerFrom } = columns
  const heads = requests.map(({ id, side }) => headBytes(id, side))
  const starts = startOf.map(longBytes)
  const offers = offerFrom.length - 1
  const most =
    Math.max(0, ...heads.map(({ length }) => length)) +
    Math.max(0, ...starts.map(({ length }) => length)) +
    3 * NUMBER_BYTES
  const from = new Int32Array(offers + 1)
  // Numbers of a market are mostly small.
  let bytes = new Uint8Array(2 * NUMBER_BYTES * offers + Math.ceil(most * 0.75) * columns.mtus.length)
  let at = 0
  for (let o = 0; o < offers; o++) {
    const first = offerFrom[o]!
    const end = offerFrom[o + 1]!
    const room = 2 * NUMBER_BYTES + (end - first) * most
    if (at + room > bytes.length) {
      const larger = new Uint8Array(2 * bytes.length + room)
      larger.set(bytes)
      bytes = larger
    }
    at = putList(bytes, at, columns, first, end, heads, starts)
    from[o + 1] = at
  }
  return { bytes: bytes.slice(0, at), from }
}

/** A run of MTUs with one value: its first MTU, how many, and the value stand in columns at the same place. */
export interface RunColumns {
  /** The runs of request `r` are those from `from[r]` up to `from[r + 1]`. */
  readonly from: Int32Array
  /** Place in `startOf`. */
  readonly mtu: Int32Array
  readonly mtus: Int32Array
  readonly value: Float64Array
}

/** Lists of `served`, `residual` or `prices` of RequestCleared: start, MTUs and value of each run. */
export const writtenRuns = (
  { from: first, mtu, mtus, value }: RunColumns,
  startOf: readonly number[]
): WrittenLists => {
  const starts = startOf.map(longBytes)
  const requests = first.length - 1
  const most = Math.max(0, ...starts.map(({ length }) => length)) + 2 * NUMBER_BYTES
  const from = new Int32Array(requests + 1)
  const bytes = new Uint8Array(2 * NUMBER_BYTES * requests + most * first[requests]!)
  let at = 0
  for (let r = 0; r < requests; r++) {
    const end = first[r + 1]!
    if (end > first[r]!) at = putLong(bytes, at, end - first[r]!)
    for (let k = first[r]!; k < end; k++) {
      at = putBytes(bytes, at, starts[mtu[k]!]!)
      at = putLong(bytes, at, mtus[k]!)
      at = putLong(bytes, at, value[k]!)
    }
    bytes[at++] = 0
    from[r + 1] = at
  }
  return { bytes: bytes.slice(0, at), from }
}

const putList = (
  bytes: Uint8Array,
  from: number,
  { request, mtu, mtus, power, price }: AllocationColumns,
  first: number,
  end: number,
  heads: readonly Uint8Array[],
  starts: readonly Uint8Array[]
): number => {
  let at = from
  if (end > first) at = putLong(bytes, at, end - first)
  for (let k = first; k < end; k++) {
    at = putBytes(bytes, at, heads[request[k]!]!)
    at = putBytes(bytes, at, starts[mtu[k]!]!)
    at = putLong(bytes, at, mtus[k]!)
    at = putLong(bytes, at, power[k]!)
    at = putLong(bytes, at, price[k]!)
  }
  bytes[at] = 0
  return at + 1
}

/** A few: a loop costs less than a call. */
const putBytes = (into: Uint8Array, from: number, bytes: Uint8Array): number => {
  for (let n = 0; n < bytes.length; n++) into[from + n] = bytes[n]!
  return from + bytes.length
}

const headBytes = (id: string, side: 'DSO' | 'TSO'): Uint8Array => {
  const text = new TextEncoder().encode(id)
  return Uint8Array.of(...longBytes(text.length), ...text, ...longBytes(side === 'DSO' ? 0 : 1))
}

const longBytes = (value: number): Uint8Array => {
  const bytes = new Uint8Array(NUMBER_BYTES)
  return bytes.slice(0, putLong(bytes, 0, value))
}
