/**
 * Where the columns of a clearing's pools stand: in memory that the next clearing uses again. A large session fills tens of
 * megabytes with them, and memory that is new costs more than what is written into it, to fetch and to collect.
 *
 * Whoever borrows gives back when nothing refers to the columns any more; what stands in them at first is left over from others.
 */
export interface ClearingMemory {
  /** Columns of at least so many places. */
  ints(size: number): Int32Array
  floats(size: number): Float64Array
}

/** Memory that is collected when nobody needs it. */
export const freshMemory: ClearingMemory = {
  ints: size => new Int32Array(size),
  floats: size => new Float64Array(size)
}

interface Lent extends ClearingMemory {
  reset(): void
}

const CHUNK_BYTES = 4 * 1024 * 1024
/** What is kept for the next clearing; a session of 15,000 units takes some 70 MB. Beyond that memory is fresh. */
const CHUNKS_MOST = 32

const lentMemory = (): Lent => {
  const chunks: ArrayBuffer[] = []
  let chunk = 0
  let at = 0

  /** The place of so many bytes in `chunks[chunk]`; -1 if they are too many, or there is no more. */
  const take = (bytes: number): number => {
    if (bytes > CHUNK_BYTES) return -1
    if (at + bytes > CHUNK_BYTES) {
      if (chunk + 1 >= CHUNKS_MOST) return -1
      chunk++
      at = 0
    }
    if (chunk === chunks.length) chunks.push(new ArrayBuffer(CHUNK_BYTES))
    const from = at
    // Eight bytes to a place, so that any column may follow.
    at += (bytes + 7) & ~7
    return from
  }

  return {
    ints(size) {
      const from = take(4 * size)
      return from < 0 ? freshMemory.ints(size) : new Int32Array(chunks[chunk]!, from, size)
    },
    floats(size) {
      const from = take(8 * size)
      return from < 0 ? freshMemory.floats(size) : new Float64Array(chunks[chunk]!, from, size)
    },
    reset() {
      chunk = 0
      at = 0
    }
  }
}

/** Free memory; one for each clearing at a time, and a clearing may ask for another. */
const free: Lent[] = []

/** Nothing that `work` returns may refer to the memory. */
export const withClearingMemory = <Result>(work: (memory: ClearingMemory) => Result): Result => {
  const memory = free.pop() ?? lentMemory()
  try {
    return work(memory)
  } finally {
    memory.reset()
    free.push(memory)
  }
}
