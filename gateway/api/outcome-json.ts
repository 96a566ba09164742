/**
 * Pages of outcomes as JSON text. A full session has 100,000 allocations, all of one shape: written out here they take a
 * fifth of the time that `JSON.stringify` needs for their views.
 *
 * Promises: the very text that `JSON.stringify` gives for the views of the page (a test compares them).
 */
import type { MarketOutcomeItem, ValidatedOutcomeItem } from '../../projections/outcomes/query.ts'
import type { Allocation } from '../../schemas/generated.ts'
import { MTU_MS } from '../validation.ts'
import { marketOutcomeView, time, validatedOutcomeView } from './views.ts'

interface Listed<Item> {
  readonly items: readonly Item[]
  readonly next?: string
}

export const marketOutcomePage = ({ items, next }: Listed<MarketOutcomeItem>): string =>
  pageJson(
    items.map(item => {
      const { allocations: _, verdicts, ...rest } = marketOutcomeView({ ...item, allocations: [] })
      return `${openJson(rest)}"allocations":${allocationsJson(item.allocations)},"verdicts":${JSON.stringify(verdicts)}}`
    }),
    next
  )

export const validatedOutcomePage = ({ items, next }: Listed<ValidatedOutcomeItem>): string =>
  pageJson(
    items.map(item => {
      const { allocations: _, ...rest } = validatedOutcomeView({ ...item, allocations: [] })
      return `${openJson(rest)}"allocations":${allocationsJson(item.allocations)}}`
    }),
    next
  )

const pageJson = (items: readonly string[], next: string | undefined): string =>
  `{"items":[${items.join(',')}]${next === undefined ? '' : `,"next":${JSON.stringify(next)}`}}`

/** An object that has fields, without its closing brace. */
const openJson = (fields: object): string => `${JSON.stringify(fields).slice(0, -1)},`

const allocationsJson = (allocations: readonly Allocation[]): string => {
  let json = '['
  let named = ''
  let name = ''
  for (const { start, mtus, requestId, side, quantity, price } of allocations) {
    if (requestId !== named) {
      named = requestId
      name = JSON.stringify(requestId)
    }
    const separator = json.length === 1 ? '' : ','
    const end = start + mtus * MTU_MS
    json += `${separator}{"start":"${time(start)}","end":"${time(end)}","requestId":${name},"side":"${side}","quantity":${quantity},"price":${price}}`
  }
  return `${json}]`
}
