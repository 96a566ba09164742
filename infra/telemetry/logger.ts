/** The log of the process: JSON lines on standard error, because standard output belongs to the data of commands. */
import { destination, type Logger, pino, stdTimeFunctions } from 'pino'

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]
export type { Logger } from 'pino'

/** Never on a line, whatever object is logged: credentials and keys. */
const redacted = [
  'authorization',
  'password',
  'secret',
  'client_secret',
  'privateKey',
  '*.authorization',
  '*.password',
  '*.secret',
  '*.client_secret',
  '*.privateKey',
  'req.headers.authorization',
  'req.headers.cookie'
]

/** Written at once, not buffered: the last lines before a crash are the ones that matter. */
export const logger = (
  level: LogLevel,
  write: { write(line: string): void } = destination({ fd: 2, sync: true })
): Logger =>
  pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      redact: redacted
    },
    write
  )
