/**
 * A clock that moves only when told to, for tests, scenarios and replays: a year takes as long as its work. Sleepers wake
 * in the order of their times, those of equal times in the order in which they lay down, and each sees `now` at its own
 * time. What a woken sleeper does before it sleeps again is finished before the next one is woken, as far as it runs
 * without waiting for anything outside.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from './clock.ts'

export interface SteppedClock extends Clock {
  /** Moves to `ms` by way of every sleeper's time. Going back is an error. */
  advanceTo(ms: number): Promise<void>
  /** When the next sleeper wakes; undefined if nobody sleeps. */
  nextWake(): number | undefined
}

interface Sleeper {
  readonly until: number
  readonly wake: () => void
}

export const steppedClock = (start: number): SteppedClock => {
  let now = start
  let sleepers: readonly Sleeper[] = []

  const earliest = (): Sleeper | undefined =>
    sleepers.reduce<Sleeper | undefined>(
      (best, sleeper) => (best && best.until <= sleeper.until ? best : sleeper),
      undefined
    )

  return {
    now: () => now,
    nextWake: () => earliest()?.until,

    sleepUntil(ms, signal) {
      if (ms <= now || signal?.aborted) return Promise.resolve()
      return new Promise(resolve => {
        const wake = () => {
          sleepers = sleepers.filter(other => other !== sleeper)
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        const sleeper: Sleeper = { until: ms, wake }
        sleepers = [...sleepers, sleeper]
        signal?.addEventListener('abort', wake, { once: true })
      })
    },

    async advanceTo(ms) {
      if (ms < now) throw new RangeError(`advanceTo: ${ms} is before ${now}; time does not go back`)
      // What was begun before the step belongs to the time before it.
      await nextTurn()
      for (let next = earliest(); next && next.until <= ms; next = earliest()) {
        now = Math.max(now, next.until)
        next.wake()
        await nextTurn()
      }
      now = Math.max(now, ms)
    }
  }
}
