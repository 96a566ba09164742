/**
 * The clock of the machine. It looks at the time again at least once a minute while it waits, so a corrected system clock
 * or a machine that slept shifts a wake-up by a minute at most, and waits longer than a timer can hold (24 days) work.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from './clock.ts'

const lookAgainMs = 60_000

export const realClock = (): Clock => ({
  now: () => Date.now(),
  async sleepUntil(ms, signal) {
    for (let left = ms - Date.now(); left > 0 && !signal?.aborted; left = ms - Date.now())
      await delay(Math.min(left, lookAgainMs), undefined, signal ? { signal } : {}).catch(error => {
        if (!signal?.aborted) throw error
      })
  }
})
