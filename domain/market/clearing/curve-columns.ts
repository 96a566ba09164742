/**
 * The curves of all single offers of a book, one after the other in a few columns, so that an MTU is read from few places in
 * memory and another thread can be handed all of them at once.
 */
import type { Book } from './book.ts'
import { stepsOf } from './offer-steps.ts'

export interface CurveColumns {
  /** By single offer, in the order of the book, its first place in `intervals`; then the end of the last. */
  readonly intervalFrom: Int32Array
  /** The same for `steps`. */
  readonly stepFrom: Int32Array
  /** As in `OfferSteps`: steps are counted from the first of the offer. */
  readonly intervals: Int32Array
  readonly steps: Float64Array
}

const known = new WeakMap<Book, CurveColumns>()

/** The offers of the book are parts of these columns: they need not be put together. */
export const noteColumns = (book: Book, columns: CurveColumns): void => {
  known.set(book, columns)
}

export const curveColumns = (book: Book): CurveColumns => {
  let columns = known.get(book)
  if (!columns) {
    columns = putTogether(book)
    known.set(book, columns)
  }
  return columns
}

/** The same, to be given away; or in memory that threads share. */
export const ownCurveColumns = (book: Book, isShared: boolean): CurveColumns => {
  const columns = known.get(book)
  if (!columns) return putTogether(book, isShared)
  const { intervalFrom, stepFrom, intervals, steps } = columns
  const into = roomFor(intervals.length, steps.length, isShared)
  into.intervals.set(intervals)
  into.steps.set(steps)
  return { intervalFrom: intervalFrom.slice(), stepFrom: stepFrom.slice(), ...into }
}

const putTogether = ({ offers }: Book, isShared = false): CurveColumns => {
  const curves = offers.flatMap(offer => (offer.kind === 'single' ? [stepsOf(offer)] : []))
  const intervalFrom = startsOf(curves, ({ intervals }) => intervals.length)
  const stepFrom = startsOf(curves, ({ steps }) => steps.length)
  const into = roomFor(intervalFrom[curves.length]!, stepFrom[curves.length]!, isShared)
  curves.forEach((curve, n) => {
    into.intervals.set(curve.intervals, intervalFrom[n])
    into.steps.set(curve.steps, stepFrom[n])
  })
  return { intervalFrom, stepFrom, ...into }
}

const roomFor = (intervals: number, steps: number, isShared: boolean): Pick<CurveColumns, 'intervals' | 'steps'> => {
  const bytes = (size: number): ArrayBufferLike => (isShared ? new SharedArrayBuffer(size) : new ArrayBuffer(size))
  return {
    intervals: new Int32Array(bytes(intervals * Int32Array.BYTES_PER_ELEMENT)),
    steps: new Float64Array(bytes(steps * Float64Array.BYTES_PER_ELEMENT))
  }
}

/** Where each of these begins in a column that holds them all; then where the last ends. */
export const startsOf = <T>(items: readonly T[], size: (item: T) => number): Int32Array => {
  const starts = new Int32Array(items.length + 1)
  items.forEach((item, n) => {
    starts[n + 1] = starts[n]! + size(item)
  })
  return starts
}
