/**
 * Slots that several threads work on: each takes the next one when it is done with the one before, so that all of them come
 * to their end together, whoever is held up. Which thread calculates a slot makes no difference to what comes out.
 */

/** In memory that all threads see. */
export interface Share {
  readonly slots: Int32Array<SharedArrayBuffer>
  /** One number: how many of them are taken. */
  readonly taken: Int32Array<SharedArrayBuffer>
}

export const shareOf = (slots: readonly number[]): Share => {
  const share = { slots: sharedNumbers(slots.length), taken: sharedNumbers(1) }
  share.slots.set(slots)
  return share
}

/** What is done for each slot that this thread gets, by slot. */
export const takenFrom = <Done>({ slots, taken }: Share, work: (slot: number) => Done): ReadonlyMap<number, Done> => {
  const done = new Map<number, Done>()
  for (;;) {
    const slot = slots[Atomics.add(taken, 0, 1)]
    if (slot === undefined) return done
    done.set(slot, work(slot))
  }
}

/** Nobody needs the rest any more. */
export const stop = ({ slots, taken }: Share): void => {
  Atomics.store(taken, 0, slots.length)
}

const sharedNumbers = (count: number): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT))
