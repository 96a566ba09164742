/**
 * The log of the process: JSON lines on standard error, because standard output belongs to the data of commands. Lines that
 * cannot be written now (the disk they go to is full) are kept up to a bound and written later; what is beyond it is lost,
 * and the process goes on: nobody's offer fails for want of a log line.
 */
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

/** Bytes of lines that wait for a disk: some thousand lines. */
const keptBytesMax = 1024 * 1024

const standardError = (): { write(line: string): void } => {
  // Written at once, not buffered: the last lines before a crash are the ones that matter.
  const lines = destination({ fd: 2, sync: true, maxLength: keptBytesMax })
  // Tried again with the next line.
  lines.on('error', () => {})
  return lines
}

export const logger = (level: LogLevel, write: { write(line: string): void } = standardError()): Logger =>
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
