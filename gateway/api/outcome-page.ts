/**
 * A page of an outcome as bytes. A session has 100,000 allocations in some hundred quarter-hours, for some hundred requests:
 * what is said of a quarter-hour and of a request is made into bytes once, and so is a page written in about a third of the time
 * that the general writer takes.
 *
 * Promises: the bytes that JSON.stringify makes of the page of views (a property test holds it).
 */
import type { Allocation } from '../../schemas/generated.ts'
import { beginOutput, number, outputBytes, piece, text } from '../json/json-output.ts'
import { MTU_MS } from '../validation.ts'
import { time } from './views.ts'

const comma = Buffer.from(',')
const closeList = Buffer.from(']')
const closeObject = Buffer.from('}')
const openItems = Buffer.from('{"items":[')
const openAllocations = Buffer.from(',"allocations":[')
const priceName = Buffer.from(',"price":')

/** What stands before the allocations, and, if anything does, after them; neither is an empty object. */
export interface OutcomeParts {
  readonly before: object
  readonly allocations: readonly Allocation[]
  readonly after?: object
}

export const outcomePage = <Item>(
  { items, next }: { readonly items: readonly Item[]; readonly next?: string },
  partsOf: (item: Item) => OutcomeParts
): Buffer => {
  const parts = items.map(partsOf)
  const write = allocationWriter()
  beginOutput()
  piece(openItems)
  for (const [n, { before, allocations, after }] of parts.entries()) {
    if (n > 0) piece(comma)
    text(JSON.stringify(before).slice(0, -1))
    piece(openAllocations)
    for (let at = 0; at < allocations.length; at++) {
      if (at > 0) piece(comma)
      write(allocations[at]!)
    }
    piece(closeList)
    if (after) {
      piece(comma)
      text(JSON.stringify(after).slice(1))
    } else piece(closeObject)
  }
  piece(closeList)
  if (next !== undefined) {
    piece(comma)
    text(JSON.stringify({ next }).slice(1))
  } else piece(closeObject)
  return outputBytes()
}

const allocationWriter = () => {
  const runs = new Map<number, Map<number, Uint8Array>>()
  const requests = { DSO: new Map<string, Uint8Array>(), TSO: new Map<string, Uint8Array>() }

  const runOf = (start: number, mtus: number): Uint8Array => {
    const known = runs.get(start)?.get(mtus)
    if (known) return known
    const bytes = Buffer.from(`{"start":"${time(start)}","end":"${time(start + mtus * MTU_MS)}","requestId":`)
    const ofStart = runs.get(start) ?? new Map<number, Uint8Array>()
    runs.set(start, ofStart.set(mtus, bytes))
    return bytes
  }

  const requestOf = (requestId: string, side: Allocation['side']): Uint8Array => {
    const known = requests[side].get(requestId)
    if (known) return known
    const bytes = Buffer.from(`${JSON.stringify(requestId)},"side":"${side}","quantity":`)
    requests[side].set(requestId, bytes)
    return bytes
  }

  return ({ start, mtus, requestId, side, quantity, price }: Allocation): void => {
    piece(runOf(start, mtus))
    piece(requestOf(requestId, side))
    number(quantity)
    piece(priceName)
    number(price)
    piece(closeObject)
  }
}
