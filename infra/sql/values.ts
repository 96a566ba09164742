/** What the engines say alike about values that they do not take. */

export const noValue = (value: unknown): TypeError =>
  new TypeError(`no SQL parameter: ${typeof value} (flags are 0 and 1, times are integers, objects are JSON text)`)
