/**
 * Collects the memory of what lived shortly, when nobody waits. V8 does it by itself, as soon as the space for new objects is
 * full: that falls into a bulk call as likely as not, which then has to copy all that the call holds at that moment, for 10 to
 * 20 ms. After the call, and after the tables that it fills, nearly nothing of it lives, and the same takes a few.
 *
 * If it never happens nothing is lost: V8 collects when it must. Old objects are left to V8, which does that beside the work;
 * before a moment in which somebody will wait it can be told to begin.
 */
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8'
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

/**
 * Has V8 begin a whole collection now, which it mostly does beside whatever runs, and end it in the next pause. One that is
 * demanded of it (`gc`) would also drop the compiled code that knows shapes of objects of which there are none left.
 */
export const beginWholeCollection = (): void => {
  // V8 begins where its heap and the memory that objects have outside of it are four times what was left after the last collection.
  // Memory that nobody touches is not taken from the system.
  void new ArrayBuffer(Math.min(OUTSIDE_BYTES_MOST, 3 * getHeapStatistics().used_heap_size + OUTSIDE_BYTES_LEAST))
}

/**
 * The same, for a moment that may come often: at most once in the time that keeps collecting below a twentieth of one processor, as a
 * whole collection takes about a millisecond for each MB of the heap. True if it began one.
 */
export const quietWholeCollection = (now: () => number = () => performance.now()): (() => boolean) => {
  let notBefore = -Infinity
  return () => {
    if (now() < notBefore) return false
    beginWholeCollection()
    notBefore = now() + PAUSE_MS_PER_MB * (getHeapStatistics().used_heap_size / 1e6)
    return true
  }
}

const PAUSE_MS_PER_MB = 20

const OUTSIDE_BYTES_LEAST = 64 * 1024 * 1024
/** Far from where V8 would collect at once, with the aim of least memory. */
const OUTSIDE_BYTES_MOST = 1024 * 1024 * 1024

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
