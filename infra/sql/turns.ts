/**
 * Gives out a database's connections, in the order of asking. Who waits, waits for a bounded time and among a bounded number;
 * a query that waits for longer waits, most likely, for itself.
 */
import { FlexError } from '../errors.ts'

export interface TurnLimits {
  readonly connectionsMax: number
  readonly waitMs: number
  readonly waitersMax: number
}

export interface Turns {
  take(): Promise<void>
  give(): void
}

/** `database` is what messages name. */
export const turns = (database: string, { connectionsMax, waitMs, waitersMax }: TurnLimits): Turns => {
  const waiting: (() => void)[] = []
  let free = connectionsMax
  return {
    take() {
      if (free > 0) {
        free--
        return Promise.resolve()
      }
      if (waiting.length >= waitersMax)
        return Promise.reject(new FlexError('FLEX_SQL_UNAVAILABLE', `${database}: ${waitersMax} queries wait already`))
      return new Promise((resolve, reject) => {
        const given = () => {
          clearTimeout(timer)
          resolve()
        }
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(given), 1)
          reject(
            new FlexError(
              'FLEX_SQL_UNAVAILABLE',
              `${database}: no connection in ${waitMs} ms. Is a query awaited inside a transaction, but not made of it?`
            )
          )
        }, waitMs)
        waiting.push(given)
      })
    },
    give() {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}
