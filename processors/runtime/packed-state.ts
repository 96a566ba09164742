/**
 * State as it stands in a snapshot. State consists of events, mostly; as objects, each field by its name, they take ten times
 * the room and the time that their Avro takes: a market of 15,000 offers would stop its thread for many seconds. So every
 * message in the state is replaced by its number among messages that lie behind one another, encoded.
 *
 * Promises: unpacked state is equal to what was packed, and an object that was in two places is in both again. Assumes plain
 * data (Map, Set, arrays, objects, typed arrays), without cycles.
 */
import { decode, encode } from '../../schemas/codec.ts'
import { isSchemaError } from '../../schemas/errors.ts'
import { fullName, type Message } from '../../schemas/generated.ts'

export interface PackedState {
  readonly state: unknown
  /** The messages, one after the other, and where each ends. */
  readonly messages: Uint8Array
  readonly ends: Float64Array
}

/** In the place of a message. The name is none that a field of ours has. */
const place = '#message'

/** Changes with the form of a packed state. */
export const packingVersion = 'packed-1'

export const packState = (state: unknown): PackedState => {
  const encoded: Uint8Array[] = []
  const packed = new Map<object, unknown>()

  const packMessage = (message: Message): unknown => {
    try {
      encoded.push(encode(message))
    } catch (error) {
      // What only looks like a message stays as it is.
      if (isSchemaError(error, 'FLEX_SCHEMA_INVALID_VALUE')) return undefined
      throw error
    }
    return { [place]: encoded.length - 1 }
  }

  const pack = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
    const known = packed.get(value)
    if (known !== undefined) return known
    const found = (isMessage(value) ? packMessage(value) : undefined) ?? eachPart(value, pack)
    if (found !== value) packed.set(value, found)
    return found
  }

  const content = pack(state)
  const ends = new Float64Array(encoded.length)
  encoded.reduce((end, { length }, n) => (ends[n] = end + length), 0)
  return { state: content, messages: Buffer.concat(encoded), ends }
}

export const unpackState = ({ state, messages, ends }: PackedState): unknown => {
  const unpacked = new Map<object, unknown>()

  const messageAt = (number: number): Message => decode(messages.subarray(ends[number - 1] ?? 0, ends[number]))

  const unpack = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
    const known = unpacked.get(value)
    if (known !== undefined) return known
    const number = place in value ? value[place] : undefined
    const found = typeof number === 'number' ? messageAt(number) : eachPart(value, unpack)
    if (found !== value) unpacked.set(value, found)
    return found
  }
  return unpack(state)
}

export const isPackedState = (content: unknown): content is PackedState =>
  typeof content === 'object' &&
  content !== null &&
  'state' in content &&
  'messages' in content &&
  content.messages instanceof Uint8Array &&
  'ends' in content &&
  content.ends instanceof Float64Array

const isMessage = (value: object): value is Message =>
  'type' in value && typeof value.type === 'string' && Object.hasOwn(fullName, value.type)

/** The container with its parts changed: itself, if none of them is another now. Keys of maps stay as they are. */
const eachPart = (value: object, change: (part: unknown) => unknown): unknown => {
  if (Array.isArray(value)) return eachItem(value, change)
  if (value instanceof Map) return new Map([...value].map(([key, part]) => [key, change(part)]))
  if (value instanceof Set) return new Set([...value].map(change))
  let copy: Record<string, unknown> | undefined
  for (const [name, part] of Object.entries(value)) {
    const changed = change(part)
    if (changed === part) continue
    copy ??= { ...value }
    copy[name] = changed
  }
  return copy ?? value
}

const eachItem = (items: readonly unknown[], change: (part: unknown) => unknown): readonly unknown[] => {
  let copy: unknown[] | undefined
  for (let n = 0; n < items.length; n++) {
    const changed = change(items[n])
    if (changed === items[n]) continue
    copy ??= [...items]
    copy[n] = changed
  }
  return copy ?? items
}
