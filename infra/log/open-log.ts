/** Which adapter a log URL names. The one place that knows them all. */
import { FlexError } from '../errors.ts'
import type { Log } from './log.ts'
import { memoryLog } from './memory-log.ts'
import { sqliteLog } from './sqlite-log.ts'

export interface OpenLogOptions {
  readonly instance?: string
  readonly leaseMs?: number
}

export type LogUrl = { readonly adapter: 'sqlite'; readonly file: string } | { readonly adapter: 'memory' }

/** `sqlite:PATH` or `memory:`; undefined is neither. */
export const parseLogUrl = (url: string): LogUrl | undefined => {
  if (url === 'memory:') return { adapter: 'memory' }
  const file = /^sqlite:(.+)$/.exec(url)?.[1]
  return file === undefined ? undefined : { adapter: 'sqlite', file }
}

export const openLog = async (url: string, options: OpenLogOptions = {}): Promise<Log> => {
  const parsed = parseLogUrl(url)
  switch (parsed?.adapter) {
    case 'sqlite':
      return sqliteLog({ file: parsed.file, ...options })
    case 'memory':
      return memoryLog(undefined, options)
    case undefined:
      throw new FlexError('FLEX_CONFIG_INVALID', `a log URL is sqlite:PATH or memory:, not "${url}"`)
  }
}
