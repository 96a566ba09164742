/**
 * Collects the memory of what lived shortly, when nobody waits. V8 does it by itself, as soon as the space for new objects is
 * full: that falls into a bulk call as likely as not, which then has to copy all that the call holds at that moment, for 10 to
 * 20 ms. After the call, and after the tables that it fills, nearly nothing of it lives, and the same takes a few.
 *
 * If it never happens nothing is lost: V8 collects when it must. Old objects are left to V8, which does that beside the work.
 */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** New objects worth a collection (8 MiB): V8 gives them 16 to 64 MiB, of which a bulk call takes up to 50. */
const newBytesMin = 8 * 1024 * 1024

/** Call it whenever it is quiet; it takes some 10 µs if there is nothing worth collecting. True if it collected. */
export const quietCollection = (): (() => boolean) => {
  const collect = collector()
  if (!collect) return () => false
  return () => {
    if (newBytes() < newBytesMin) return false
    collect({ type: 'minor' })
    return true
  }
}

const newBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_used_size ?? 0

type Collector = (options: { readonly type: 'minor' }) => void

/** V8 gives its collector to contexts that are made under this flag, and to nobody else. */
const collector = (): Collector | undefined => {
  setFlagsFromString('--expose-gc')
  const found: unknown = runInNewContext('typeof gc === "function" ? gc : undefined')
  setFlagsFromString('--no-expose-gc')
  return isCollector(found) ? found : undefined
}

const isCollector = (found: unknown): found is Collector => typeof found === 'function'
