/**
 * Lists of a message that somebody has written already, as the codec would: when it writes the message it copies these bytes, once,
 * instead of looking at each item again. Whoever notes a list vouches for the bytes; tests compare them with the codec's.
 */
const bytesOf = new WeakMap<object, ReadonlyMap<string, Uint8Array>>()

/** `field` is a list of the message itself. */
export const noteWrittenList = <Field extends string>(
  message: { readonly [Name in Field]: readonly unknown[] },
  field: Field,
  bytes: Uint8Array
): void => {
  bytesOf.set(message, new Map([...(bytesOf.get(message) ?? []), [field, bytes]]))
}

/** By field; they are forgotten, as a message is mostly written once. */
export const takeWrittenLists = (message: object): ReadonlyMap<string, Uint8Array> | undefined => {
  const lists = bytesOf.get(message)
  if (lists !== undefined) bytesOf.delete(message)
  return lists
}
