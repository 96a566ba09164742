import t from 'tap'
import { realClock } from './real-clock.ts'
import { steppedClock } from './stepped-clock.ts'

t.test('a stepped clock wakes sleepers in the order of their times, each at its own time', async t => {
  const clock = steppedClock(1_000)
  const woken: string[] = []
  const sleep = async (name: string, until: number) => {
    await clock.sleepUntil(until)
    woken.push(`${name} at ${clock.now()}`)
  }
  const sleeping = [sleep('late', 3_000), sleep('early', 1_500), sleep('early too', 1_500), sleep('past', 999)]
  t.equal(clock.nextWake(), 1_500)
  await clock.advanceTo(1_499)
  t.strictSame(woken, ['past at 1000'])
  await clock.advanceTo(5_000)
  await Promise.all(sleeping)
  t.strictSame(woken, ['past at 1000', 'early at 1500', 'early too at 1500', 'late at 3000'])
  t.equal(clock.now(), 5_000)
  t.equal(clock.nextWake(), undefined)
})

t.test('one step over many periods wakes a periodic sleeper once in each', async t => {
  const clock = steppedClock(0)
  const stop = new AbortController()
  const ticks: number[] = []
  const ticking = (async () => {
    for (let at = 900; !stop.signal.aborted; at += 900) {
      await clock.sleepUntil(at, stop.signal)
      if (!stop.signal.aborted) ticks.push(clock.now())
    }
  })()
  await clock.advanceTo(3_600)
  t.strictSame(ticks, [900, 1_800, 2_700, 3_600])
  stop.abort()
  await ticking
  t.equal(clock.nextWake(), undefined)
})

t.test('a stepped clock refuses to go back', async t => {
  await t.rejects(steppedClock(10).advanceTo(9), RangeError)
})

t.test('the real clock does not resolve before the time, and ends without an error when aborted', async t => {
  const clock = realClock()
  const until = clock.now() + 25
  await clock.sleepUntil(until)
  t.ok(clock.now() >= until)
  const stop = new AbortController()
  const sleeping = clock.sleepUntil(clock.now() + 90 * 24 * 3_600_000, stop.signal)
  stop.abort()
  await sleeping
  await clock.sleepUntil(clock.now() - 1)
  await clock.sleepUntil(clock.now() + 3_600_000, AbortSignal.abort())
  t.pass()
})
