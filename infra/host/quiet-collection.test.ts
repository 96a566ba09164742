import { getHeapSpaceStatistics } from 'node:v8'
import t from 'tap'
import { quietCollection } from './quiet-collection.ts'

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
