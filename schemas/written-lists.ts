/**
 * Lists of a message that somebody has written already, as the codec would: it copies these bytes instead of looking at each item
 * again. Whoever notes a list vouches for the bytes (tests compare them with the codec's); it may not change afterwards.
 */
const bytesOf = new WeakMap<readonly object[], Uint8Array>()

export const noteWrittenList = (list: readonly object[], bytes: Uint8Array): void => {
  bytesOf.set(list, bytes)
}

export const writtenList = (list: readonly object[]): Uint8Array | undefined => bytesOf.get(list)
