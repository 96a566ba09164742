import t from 'tap'
import type { PageRequest } from '../../projections/runtime/page.ts'
import { firstRows } from './pages.ts'

/** The whole numbers below `count`, in pages, with the requests that were made for them. */
const numbers = (count: number) => {
  const asked: PageRequest[] = []
  return {
    asked,
    read: async (request: PageRequest) => {
      asked.push(request)
      const first = Number(request.after ?? 0)
      const end = Math.min(count, first + request.limit)
      return {
        items: Array.from({ length: end - first }, (_, n) => first + n),
        ...(end < count ? { next: `${end}` } : {})
      }
    }
  }
}

t.test('a list of several pages is read to its end, in order, each row once', async t => {
  const { read, asked } = numbers(2_500)
  t.same(
    await firstRows(Number.MAX_SAFE_INTEGER, read),
    Array.from({ length: 2_500 }, (_, n) => n)
  )
  t.same(asked, [{ limit: 1_000 }, { limit: 1_000, after: '1000' }, { limit: 1_000, after: '2000' }])
})

t.test('no more rows are read than wanted', async t => {
  const { read, asked } = numbers(2_500)
  t.equal((await firstRows(1_200, read)).length, 1_200)
  t.same(asked, [{ limit: 1_000 }, { limit: 200, after: '1000' }])
})

t.test('an empty list is one request', async t => {
  const { read, asked } = numbers(0)
  t.same(await firstRows(10, read), [])
  t.equal(asked.length, 1)
})
