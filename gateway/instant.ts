/**
 * RFC 3339 times as milliseconds. A full session names 300,000 of them, so they are read by their characters and not by
 * patterns and `Date`; a property test holds this equal to `Date.parse`.
 *
 * Promises: exactly the times with offset of this century, of days that exist; anything else is NaN. A local time without
 * its offset is refused, because it is two instants on one day of the year; a leap second, because the market has none.
 */

const code = (character: string): number => character.charCodeAt(0)
const [zero, minus, colon, dot] = [code('0'), code('-'), code(':'), code('.')]

/** 'YYYY-MM-DDThh:mm:ss', and after it at most '.sss'. */
const secondsEnd = 19
const fractionDigitsMax = 3
const offsetHourMax = 14

export const instantOf = (text: string): number => {
  if (text.charCodeAt(10) !== code('T') || text.charCodeAt(13) !== colon || text.charCodeAt(16) !== colon) return NaN
  const day = dayOf(text)
  const hour = twoDigits(text, 11, 23)
  const minute = twoDigits(text, 14, 59)
  const second = twoDigits(text, 17, 59)
  const local = day + ((hour * 60 + minute) * 60 + second) * 1_000
  if (text.charCodeAt(secondsEnd) !== dot) return local - offsetOf(text, secondsEnd)
  let at = secondsEnd + 1
  let fraction = 0
  let unit = 100
  for (; at <= secondsEnd + fractionDigitsMax; at++, unit /= 10) {
    const digit = text.charCodeAt(at) - zero
    if (!(digit >= 0 && digit <= 9)) break
    fraction += digit * unit
  }
  return at === secondsEnd + 1 ? NaN : local + fraction - offsetOf(text, at)
}

/** The start in UTC of the day that a text begins with, NaN if there is none such. */
export const dayOf = (text: string): number => {
  if (text.charCodeAt(4) !== minus || text.charCodeAt(7) !== minus) return NaN
  const century = twoDigits(text, 0, 20)
  const year = twoDigits(text, 2, 99)
  const month = twoDigits(text, 5, 12)
  const day = twoDigits(text, 8, 31)
  if (century !== 20 || !(month >= 1) || !(day >= 1) || Number.isNaN(year)) return NaN
  const number = (year * 100 + month) * 100 + day
  if (number === lastDay.number) return lastDay.start
  const start = Date.UTC(2000 + year, month - 1, day)
  // A day that the month has not is another one of the next month.
  if (new Date(start).getUTCDate() !== day) return NaN
  lastDay = { number, start }
  return start
}

/** What is sent together is mostly about one day. */
let lastDay = { number: -1, start: NaN }

/** 'Z' or '±hh:mm' from `at` to the end of the text, ms. */
const offsetOf = (text: string, at: number): number => {
  const sign = text[at]
  if (sign === 'Z') return text.length === at + 1 ? 0 : NaN
  if ((sign !== '+' && sign !== '-') || text.length !== at + 6 || text.charCodeAt(at + 3) !== colon) return NaN
  const ms = (twoDigits(text, at + 1, offsetHourMax) * 60 + twoDigits(text, at + 4, 59)) * 60_000
  return sign === '+' ? ms : -ms
}

const twoDigits = (text: string, at: number, most: number): number => {
  const tens = text.charCodeAt(at) - zero
  const ones = text.charCodeAt(at + 1) - zero
  const number = tens * 10 + ones
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 && number <= most ? number : NaN
}
