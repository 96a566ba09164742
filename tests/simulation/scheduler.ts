/**
 * Decides, from the seed alone, which actor moves next. Actors move one at a time, from one `turn` to the next; between
 * them nothing happens. Whoever is killed never gets another turn: whatever it was about to do is not done.
 * Assumes that actors wait for nothing but turns (and what settles by itself).
 */
import type { Random } from './random.ts'

export interface Actor {
  readonly name: string
  /** Before and after each effect on the world. */
  turn(): Promise<void>
  /** Gets no turn for so many steps of the scheduler. */
  pause(steps: number): void
  kill(): void
  readonly isDead: boolean
}

export interface Scheduler {
  spawn(name: string, run: (actor: Actor) => Promise<void>): Actor
  /** One actor moves; false when none is left. An error that an actor does not catch is thrown here. */
  step(): Promise<boolean>
  readonly steps: number
}

interface Entry {
  readonly actor: Actor
  resume: (() => void) | undefined
  wakeAt: number
  hasEnded: boolean
}

export const scheduler = (random: Random): Scheduler => {
  const entries = new Set<Entry>()
  let steps = 0
  let settle = () => {}
  let failure: { readonly error: unknown } | undefined

  const end = (entry: Entry) => {
    entry.hasEnded = true
    entries.delete(entry)
  }

  return {
    spawn(name, run) {
      const actor: Actor = {
        name,
        turn: () =>
          new Promise(resolve => {
            if (entry.hasEnded) return settle()
            entry.resume = resolve
            settle()
          }),
        pause(count) {
          entry.wakeAt = steps + count
        },
        kill: () => end(entry),
        get isDead() {
          return entry.hasEnded
        }
      }
      const entry: Entry = { actor, resume: undefined, wakeAt: 0, hasEnded: false }
      entries.add(entry)
      entry.resume = () =>
        void run(actor)
          .catch(error => {
            failure ??= { error }
          })
          .finally(() => {
            end(entry)
            settle()
          })
      return actor
    },

    async step() {
      steps++
      const ready = [...entries].filter(entry => entry.wakeAt <= steps)
      const entry = ready.length > 0 ? random.pick(ready) : [...entries].toSorted((a, b) => a.wakeAt - b.wakeAt)[0]
      if (!entry) return false
      const { resume } = entry
      entry.resume = undefined
      await new Promise<void>(resolve => {
        settle = resolve
        resume?.()
      })
      if (failure) throw failure.error
      return true
    },

    get steps() {
      return steps
    }
  }
}
