/**
 * The plain part of JSON, read from bytes: whole numbers of at most 15 digits, text of printable ASCII without a backslash,
 * known names, white space anywhere. Whatever else comes is not refused but left to somebody else: `elsewhere` is thrown.
 *
 * Assumes that a body is read in one go, and that a zero byte follows it, at which everything here stops.
 */

/** Not for here; made once, because nobody needs to know from where. */
export const elsewhere = new Error('this JSON is not read here')

const nothing = Buffer.alloc(1)
let buffer: Buffer = nothing
let at = 0

export const beginJson = (bytes: Buffer): void => {
  buffer = bytes
  at = 0
}

/** Where the reading ended, after white space. */
export const endJson = (): number => {
  skipSpace()
  buffer = nothing
  return at
}

/** For code that reads a part by itself, with a place of its own; it goes on from where `goTo` says. */
export const source = (): Buffer => buffer
export const place = (): number => at
export const goTo = (there: number): void => {
  at = there
}

export const leave = (): never => {
  throw elsewhere
}

const [quote, backslash, comma, colon, minus, dot, zero, nine] = Buffer.from('"\\,:-.09') as unknown as readonly [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number
]
const [openBrace, bracket, smallE, largeE] = Buffer.from('{[eE') as unknown as readonly [number, number, number, number]

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** Characters that stand for themselves in a text. */
const isPlain = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x7f && byte !== quote && byte !== backslash ? 1 : 0
)

const skipSpace = (): void => {
  while (isSpace(buffer[at]!)) at++
}

/** The next byte that is no white space; not taken. */
const next = (): number => {
  if (buffer[at]! <= 0x20) skipSpace()
  return buffer[at]!
}

export const expect = (byte: number): void => {
  if (next() !== byte) leave()
  at++
}

export const isNext = (byte: number): boolean => next() === byte

/** Takes the byte if it comes next. */
export const takes = (byte: number): boolean => {
  if (next() !== byte) return false
  at++
  return true
}

/** After a value in a list or an object: another one follows, or the end is there. */
export const goesOn = (close: number): boolean => {
  const byte = next()
  at++
  if (byte === comma) return true
  return byte === close ? false : leave()
}

const stands = (word: Uint8Array): boolean => {
  for (let n = 0; n < word.length; n++) if (buffer[at + n] !== word[n]) return false
  return true
}

/** Which of some quoted words comes next; `likely` is looked at first. */
const wordOf = (words: readonly Uint8Array[], likely: number): number => {
  next()
  const likelyWord = words[likely]
  if (likelyWord !== undefined && stands(likelyWord)) {
    at += likelyWord.length
    return likely
  }
  for (let n = 0; n < words.length; n++)
    if (stands(words[n]!)) {
      at += words[n]!.length
      return n
    }
  return leave()
}

/** Which name comes next, with its colon. */
export const nameOf = (names: readonly Uint8Array[], likely: number): number => {
  const found = wordOf(names, likely)
  expect(colon)
  return found
}

export const symbolOf = (words: readonly Uint8Array[], symbols: readonly string[]): string => symbols[wordOf(words, 0)]!

/** Of an object that begins with a name: which of some words is its value. Nothing is taken. */
export const branchOf = (name: readonly Uint8Array[], tags: readonly Uint8Array[]): number => {
  const start = at
  expect(openBrace)
  nameOf(name, 0)
  const branch = wordOf(tags, 0)
  at = start
  return branch
}

export const isList = (): boolean => isNext(bracket)

const nullWord = Buffer.from('null')

export const takesNull = (): boolean => {
  if (next() !== nullWord[0] || !stands(nullWord)) return false
  at += nullWord.length
  return true
}

const digitsMax = 15

export const integer = (least: number, most: number): number => {
  let byte = next()
  const isNegative = byte === minus
  if (isNegative) byte = buffer[++at]!
  const start = at
  let value = 0
  while (byte >= zero && byte <= nine) {
    value = value * 10 + (byte - zero)
    byte = buffer[++at]!
  }
  const digits = at - start
  if (digits === 0 || digits > digitsMax || (digits > 1 && buffer[start] === zero)) leave()
  if (byte === dot || byte === smallE || byte === largeE) leave()
  if (isNegative) value = value === 0 ? leave() : -value
  return value < least || value > most ? leave() : value
}

export const text = (): string => {
  expect(quote)
  const start = at
  while (isPlain[buffer[at]!] === 1) at++
  if (buffer[at] !== quote) leave()
  return buffer.toString('latin1', start, at++)
}
