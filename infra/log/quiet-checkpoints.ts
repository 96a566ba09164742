/**
 * Moves what was committed from SQLite's write-ahead log into the file, when nobody waits for it. SQLite does it by itself, in
 * the commit that makes the write-ahead log longer than a limit: that commit then takes five times as long, and a bulk call
 * meets one in every two. Here it waits for a pause; SQLite's limit stays, further away, for a log that never pauses.
 *
 * If it never happens nothing is lost: the write-ahead log is read as the file is, and closing the file moves it too.
 */
import type { DatabaseSync } from 'node:sqlite'
import { journalBytesMax } from '../sqlite-file.ts'

export interface QuietCheckpoints {
  /** After each commit. */
  committed(bytes: number): void
  stop(): void
}

/** Worth the two flushes that it costs (4 MiB, which is SQLite's own limit). */
const bytesMin = 4 * 1024 * 1024
/** Longer than a bulk call takes from one commit to the next. */
const pauseMs = 500
/**
 * As much as the write-ahead log keeps of its file (64 MiB), more than the outcome of 15,000 offers (26 MB). It takes some 400 ms,
 * which a log that never pauses has to give in one of its commits.
 */
const bytesMax = journalBytesMax

export const quietCheckpoints = (database: DatabaseSync): QuietCheckpoints => {
  const pageBytes = Number(database.prepare('PRAGMA page_size').get()?.['page_size'])
  database.exec(`PRAGMA wal_autocheckpoint = ${Math.ceil(bytesMax / pageBytes)}`)
  let bytes = 0
  let timer: NodeJS.Timeout | undefined

  const move = () => {
    timer = undefined
    bytes = 0
    try {
      // As much as no reader of another process stands in the way of; the rest comes with the next.
      database.exec('PRAGMA wal_checkpoint(PASSIVE)')
    } catch {
      // A disk that refuses: everything still stands in the write-ahead log, and the next append meets the error.
    }
  }

  return {
    committed(more) {
      bytes += more
      if (timer) timer.refresh()
      else if (bytes >= bytesMin) timer = setTimeout(move, pauseMs).unref()
    },
    stop: () => clearTimeout(timer)
  }
}
