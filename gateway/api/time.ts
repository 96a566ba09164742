/** Instants and runs of quarter-hours, between the JSON of the API and the messages of the log. */
import { instantOf } from '../instant.ts'
import { MTU_MS } from '../validation.ts'

/** Assumes the text was checked to be an RFC 3339 time. */
export const instant = instantOf

/**
 * [start, end) as a number of quarter-hours. An empty or reversed interval gives 0 or less, which the market refuses by
 * name together with everything else that is wrong.
 */
export const run = ({ start, end }: { readonly start: string; readonly end: string }) => {
  const from = instant(start)
  return { start: from, mtus: (instant(end) - from) / MTU_MS }
}
