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

/** Lists by offer, or by request: that of offer `o` is `bytes` from `from[o]` up to `from[o + 1]`. Their memory may go on. */
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
  const heads = partsOf(requests.map(({ id, side }) => headBytes(id, side)))
  const starts = partsOf(startOf.map(longBytes))
  const offers = offerFrom.length - 1
  const most = WORD_BYTES * (heads.wordsEach + starts.wordsEach) + 3 * NUMBER_BYTES
  const from = new Int32Array(offers + 1)
  const usual = averageOf(heads.length) + averageOf(starts.length) + 3 * USUAL_NUMBER_BYTES
  let bytes = new Uint8Array(2 * NUMBER_BYTES * offers + Math.ceil(usual * offerFrom[offers]!) + WORD_BYTES)
  let view = new DataView(bytes.buffer)
  let at = 0
  for (let o = 0; o < offers; o++) {
    const room = 2 * NUMBER_BYTES + most * (offerFrom[o + 1]! - offerFrom[o]!) + WORD_BYTES
    if (at + room > bytes.length) {
      const larger = new Uint8Array(2 * bytes.length + room)
      larger.set(bytes.subarray(0, at))
      bytes = larger
      view = new DataView(bytes.buffer)
    }
    at = putList(bytes, view, at, columns, offerFrom[o]!, offerFrom[o + 1]!, heads, starts)
    from[o + 1] = at
  }
  return { bytes: bytes.subarray(0, at), from }
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
  const starts = partsOf(startOf.map(longBytes))
  const requests = first.length - 1
  const from = new Int32Array(requests + 1)
  const most = WORD_BYTES * starts.wordsEach + 2 * NUMBER_BYTES
  const bytes = new Uint8Array(2 * NUMBER_BYTES * requests + most * first[requests]! + WORD_BYTES)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (let r = 0; r < requests; r++) {
    const end = first[r + 1]!
    if (end > first[r]!) at = putLong(bytes, at, end - first[r]!)
    for (let k = first[r]!; k < end; k++) {
      at = putPart(view, at, starts, mtu[k]!)
      at = putLong(bytes, at, mtus[k]!)
      at = putLong(bytes, at, value[k]!)
    }
    bytes[at++] = 0
    from[r + 1] = at
  }
  return { bytes: bytes.subarray(0, at), from }
}

/** Quantities and prices of a market are mostly below 2^27. */
const USUAL_NUMBER_BYTES = 4

const averageOf = (lengths: Int32Array): number =>
  lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length)

const putList = (
  bytes: Uint8Array,
  view: DataView,
  from: number,
  { request, mtu, mtus, power, price }: AllocationColumns,
  first: number,
  end: number,
  heads: Parts,
  starts: Parts
): number => {
  let at = from
  if (end > first) at = putLong(bytes, at, end - first)
  for (let k = first; k < end; k++) {
    at = putPart(view, at, heads, request[k]!)
    at = putPart(view, at, starts, mtu[k]!)
    at = putLong(bytes, at, mtus[k]!)
    at = putLong(bytes, at, power[k]!)
    at = putLong(bytes, at, price[k]!)
  }
  bytes[at] = 0
  return at + 1
}

/** Bytes that stand in many items, four to a word, since that is how they are copied: one at a time takes four times as long. */
interface Parts {
  /** Those of part `n` begin at `n × wordsEach`. */
  readonly words: Int32Array
  readonly wordsEach: number
  /** Bytes of each. */
  readonly length: Int32Array
}

const WORD_BYTES = 4

const partsOf = (parts: readonly Uint8Array[]): Parts => {
  const length = Int32Array.from(parts, bytes => bytes.length)
  const wordsEach = length.reduce((most, bytes) => Math.max(most, Math.ceil(bytes / WORD_BYTES)), 0)
  const view = new DataView(new ArrayBuffer(WORD_BYTES * wordsEach * parts.length))
  parts.forEach((bytes, n) => {
    for (let k = 0; k < bytes.length; k++) view.setUint8(WORD_BYTES * wordsEach * n + k, bytes[k]!)
  })
  const words = Int32Array.from({ length: wordsEach * parts.length }, (_, k) => view.getInt32(WORD_BYTES * k, true))
  return { words, wordsEach, length }
}

/** Its last word may reach beyond it: what comes next, or nothing, stands there in the end. */
const putPart = (view: DataView, at: number, { words, wordsEach, length }: Parts, n: number): number => {
  const size = length[n]!
  const from = n * wordsEach
  for (let w = 0; WORD_BYTES * w < size; w++) view.setInt32(at + WORD_BYTES * w, words[from + w]!, true)
  return at + size
}

const headBytes = (id: string, side: 'DSO' | 'TSO'): Uint8Array => {
  const text = new TextEncoder().encode(id)
  return Uint8Array.of(...longBytes(text.length), ...text, ...longBytes(side === 'DSO' ? 0 : 1))
}

const longBytes = (value: number): Uint8Array => {
  const bytes = new Uint8Array(NUMBER_BYTES)
  return bytes.slice(0, putLong(bytes, 0, value))
}
