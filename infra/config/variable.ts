/** What one environment variable is: its documentation and its parser in one value, so that they cannot drift apart. */

export interface Variable<Value> {
  readonly meaning: string
  /** What may stand there, for people. */
  readonly form: string
  /** What holds if it isn't set, as it would be written; undefined if there is none. */
  readonly fallback?: string
  /** Where no fixed text can say what holds: "as FLEX_X says". Only documentation. */
  readonly fallbackNote?: string
  /** A valid value that shows the form. */
  readonly example: string
  /** Throws a VariableProblem. */
  readonly parse: (text: string) => Value
}

/** Why a text is no value of a variable, without the variable's name. */
export class VariableProblem extends Error {}

export const oneOf =
  <const Value extends string>(values: readonly Value[]) =>
  (text: string): Value => {
    const value = values.find(one => one === text)
    if (value === undefined) throw new VariableProblem(`is one of ${values.join(', ')}`)
    return value
  }

export const trueOrFalse = (text: string): boolean => oneOf(['true', 'false'])(text) === 'true'

/** A whole number, both bounds allowed. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= min && value <= max)) throw new VariableProblem(`is a whole number from ${min} to ${max}`)
    return value
  }

export const someText = (text: string): string => text

export const httpUrl = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username)
    throw new VariableProblem('is an http or https URL without query, fragment and credentials')
  return text.replace(/\/+$/, '')
}

export const timeZone = (text: string): string => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone
  } catch {
    throw new VariableProblem('is a name of the IANA time zone database, such as Europe/Rome')
  }
}
