/**
 * Where a long answer is written as bytes of JSON, piece by piece: a whole outcome is 10 MB, for which the general writer takes
 * longer than all else together. The pieces are the caller's; this only puts them behind each other.
 *
 * One buffer for all answers: new ones of megabytes, outside of the heap, make V8 collect all of it every few answers. It grows to
 * the longest answer. Assumes that an answer is written in one go: `beginOutput`, the pieces, `outputBytes`.
 */
let buffer = Buffer.allocUnsafeSlow(64 * 1024)
let at = 0

/** Most bytes of a whole number. */
const digitsMax = 10
const zero = 0x30

const reserve = (bytes: number): void => {
  if (at + bytes <= buffer.length) return
  const larger = Buffer.allocUnsafeSlow(Math.max(2 * buffer.length, at + bytes))
  larger.set(buffer.subarray(0, at))
  buffer = larger
}

export const beginOutput = (): void => {
  at = 0
}

/** What was written since the beginning, in memory of its own. */
export const outputBytes = (): Buffer => {
  const bytes = Buffer.allocUnsafeSlow(at)
  buffer.copy(bytes, 0, 0, at)
  return bytes
}

/** What is JSON already, as it is said again and again. */
export const piece = (bytes: Uint8Array): void => {
  reserve(bytes.length)
  buffer.set(bytes, at)
  at += bytes.length
}

/** What is JSON already. */
export const text = (json: string): void => {
  reserve(Buffer.byteLength(json))
  at += buffer.write(json, at)
}

/** As the general writer has it. */
export const number = (value: number): void => {
  if (!(value === (value | 0) && value >= 0)) {
    text(JSON.stringify(value))
    return
  }
  reserve(digitsMax)
  let digits = 1
  for (let limit = 10; value >= limit; limit *= 10) digits++
  at += digits
  let rest = value
  for (let place = at - 1; digits > 0; digits--) {
    const tens = Math.trunc(rest / 10)
    buffer[place--] = zero + rest - tens * 10
    rest = tens
  }
}
