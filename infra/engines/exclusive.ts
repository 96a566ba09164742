/**
 * One process at a time for a folder, among all processes of the machine: an exclusive transaction on a small SQLite file.
 * The lock is the kernel's, so it ends with its holder, however that dies; nothing is left to clean up.
 */
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { FlexError } from '../errors.ts'

/** Between two attempts to get the lock: short against an engine's start of seconds. */
const RETRY_MS = 100

export const exclusively = async <Result>(
  lockFile: string,
  waitMs: number,
  work: () => Promise<Result>
): Promise<Result> => {
  const lock = new DatabaseSync(lockFile, { timeout: 0 })
  try {
    const giveUpAt = performance.now() + waitMs
    while (!taken(lock)) {
      if (performance.now() > giveUpAt)
        throw new FlexError(
          'FLEX_ENGINE_UNAVAILABLE',
          `${lockFile} was held by another process for more than ${waitMs} ms`
        )
      await wait(RETRY_MS)
    }
    return await work()
  } finally {
    lock.close()
  }
}

const taken = (lock: DatabaseSync): boolean => {
  try {
    lock.exec('begin exclusive')
    return true
  } catch (error) {
    if (error instanceof Error && /locked/.test(error.message)) return false
    throw error
  }
}
