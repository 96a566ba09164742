import { constants, PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'
import t from 'tap'
import { beginWholeCollection, quietCollection, quietWholeCollection } from './quiet-collection.ts'

const newBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_used_size ?? 0

/** The space for new objects grows with what survives in it. */
const fill = (kept: object[]): void => {
  for (let n = 0; n < 2_000_000 && newBytes() < 12 * 1024 * 1024; n++) {
    const some = Array.from({ length: 100 }, () => ({ n }))
    if (n % 4 === 0 && kept.length < 2_000) kept.push(some)
  }
}

t.test('what lived shortly is collected once there is enough of it, and not again', async t => {
  const collect = quietCollection()
  const kept: object[] = []
  fill(kept)
  const before = newBytes()
  t.ok(before >= 8 * 1024 * 1024)
  t.equal(collect(), true)
  t.ok(newBytes() < before)
  while (collect());
  t.equal(collect(), false)
  t.ok(kept.every(some => Array.isArray(some) && some.length === 100))
  t.notOk('gc' in globalThis, 'nobody else gets the collector')
})

t.test('a whole collection that was begun ends by itself in the next pauses', async t => {
  let whole = 0
  const observer = new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (kindOf(entry) === constants.NODE_PERFORMANCE_GC_MAJOR) whole++
  })
  observer.observe({ entryTypes: ['gc'] })
  t.teardown(() => observer.disconnect())
  await pause(200)
  t.equal(whole, 0, 'there is none by itself')
  beginWholeCollection()
  for (let n = 0; n < 500 && whole === 0; n++) await pause(10)
  t.equal(whole, 1)
})

t.test('where quiet moments come often, whole collections take a small share of the time', async t => {
  let now = 0
  const collect = quietWholeCollection(() => now)
  let begun = 0
  for (; now < 100_000; now += 100) if (collect()) begun++
  t.ok(begun > 1, 'it begins again after a while')
  t.ok(begun * (getHeapStatistics().used_heap_size / 1e6) <= (now / 20) * 1.5, `${begun} in ${now} ms`)
})

/** Node gives an entry its kind in `detail`, which its types do not know. */
const kindOf = (entry: object): unknown =>
  'detail' in entry && typeof entry.detail === 'object' && entry.detail !== null && 'kind' in entry.detail
    ? entry.detail.kind
    : undefined
