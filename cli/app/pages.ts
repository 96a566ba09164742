/** A list of the tables as a whole: they give at most a page at a time. */
import type { Page, PageRequest } from '../../projections/runtime/page.ts'

/** The largest page of the tables. */
const PAGE_ROWS = 1_000

/** The first `most` rows, page after page. */
export const firstRows = async <Item>(
  most: number,
  read: (request: PageRequest) => Promise<Page<Item>>
): Promise<Item[]> => {
  const rows: Item[] = []
  let after: string | undefined
  do {
    const page = await read({ limit: Math.min(PAGE_ROWS, most - rows.length), ...(after ? { after } : {}) })
    rows.push(...page.items)
    after = page.next
  } while (after && rows.length < most)
  return rows
}
