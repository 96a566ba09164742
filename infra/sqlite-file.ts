/**
 * Opens a SQLite file the one way that all adapters need: write-ahead log, several processes on one file. With `full` a commit
 * is on the disk when it returns; with `normal` a power cut can take the last commits back, never a part of one. A locked file is waited for in two steps: a short wait inside SQLite, which stops this
 * thread, and then a bounded number of tries between which the event loop runs.
 */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'

/** Stops the thread: about the time of a few commits of another process, and not noticed by a client. */
const busyTimeoutMs = 50
/** A writer that holds the file for longer than this is stuck, not busy. */
const busyForMsMax = 10_000
const busyPauseMs = 5

/** A file that shrank back keeps at most this much log beside it after a burst (64 MiB). */
export const journalBytesMax = 64 * 1024 * 1024

export interface SqliteFileOptions {
  readonly synchronous?: 'full' | 'normal'
  /** Of a new file; one that is there keeps what it has. Default: SQLite's own, 4,096. */
  readonly pageBytes?: number
}

export const openSqliteFile = async (
  file: string,
  { synchronous = 'full', pageBytes }: SqliteFileOptions = {}
): Promise<DatabaseSync> => {
  if (file !== ':memory:') await mkdir(dirname(file), { recursive: true })
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs })
  try {
    // Two processes that open a new file at once may both try to switch it to WAL: one of them is told to wait.
    await whileBusy(() =>
      database.exec(
        `${pageBytes === undefined ? '' : `PRAGMA page_size = ${pageBytes}; `}PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = ${journalBytesMax}`
      )
    )
  } catch (error) {
    database.close()
    throw error
  }
  return database
}

/** Repeats `attempt` while the file is locked by another connection; any other error, and the last one, is thrown. */
export const whileBusy = async <Result>(attempt: () => Result): Promise<Result> => {
  const giveUpAt = Date.now() + busyForMsMax
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      if (!isBusy(error) || Date.now() > giveUpAt) throw error
    }
    await delay(busyPauseMs)
  }
}

/** One write transaction: the lock is taken first, so what is read inside is still true at the commit. */
export const immediately = <Result>(database: DatabaseSync, write: () => Result): Result => {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = write()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

const busyCode = 5
const lockedCode = 6

const isBusy = (error: unknown): boolean => {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return false
  // The low byte is the primary code; the rest says which kind of busy.
  const code = error.errcode & 0xff
  return code === busyCode || code === lockedCode
}
