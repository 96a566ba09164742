/** Opens the log and the tables of a data folder for a command that looks at them without serving. */
import { existsSync } from 'node:fs'
import { type Config, loadConfig } from '../../infra/config/config.ts'
import type { Log } from '../../infra/log/log.ts'
import { openLog, parseLogUrl } from '../../infra/log/open-log.ts'
import { parseDatabaseUrl, serverOf } from '../../infra/sql/database-url.ts'
import { openDatabase } from '../../infra/sql/open-database.ts'
import { hasProjections } from '../../projections/runtime/readiness.ts'
import { UsageError } from '../output.ts'

export const configOf = (flags: { readonly data?: string }): Config =>
  loadConfig({ ...process.env, ...(flags.data === undefined ? {} : { FLEX_DATA_DIR: flags.data }) })

/** Looking must not make an empty log where none is. */
export const openExistingLog = async (config: Config): Promise<Log> => {
  const url = parseLogUrl(config.logUrl)
  if (url?.adapter === 'memory') throw new UsageError('a log in memory cannot be looked at from another process')
  if (url?.adapter === 'sqlite' && !existsSync(url.file))
    throw new UsageError(`there is no log at ${url.file}; name its folder with --data`)
  return openLog(config.logUrl, { instance: `cli-${process.pid}`, kafka: config.kafka })
}

export const openExistingDatabase = async (config: Config) => {
  const url = parseDatabaseUrl(config.databaseUrl)
  if (url?.adapter === 'sqlite' && !existsSync(url.file))
    throw new UsageError(`there are no tables at ${url.file}; name their folder with --data`)
  const database = await openDatabase<object>(config.databaseUrl)
  if (url?.adapter !== 'postgres' || (await hasProjections(database.query))) return database
  await database.close()
  throw new UsageError(`there are no tables in ${serverOf(url.url)}; serve or rebuild makes them`)
}
