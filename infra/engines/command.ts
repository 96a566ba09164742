/** Runs a program to its end, within a time; what it said is in the error if it failed. */
import { execFile } from 'node:child_process'
import { FlexError } from '../errors.ts'

export interface CommandOptions {
  readonly timeoutMs: number
  readonly cwd?: string
  readonly user?: { readonly uid: number; readonly gid: number }
}

/** Lines of a failed program's output that are shown: the reason stands near the end. */
export const SHOWN_LINES = 25

export const lastLines = (text: string): string => text.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n')

/** What it wrote to standard output and error. */
export const runCommand = (
  command: string,
  args: readonly string[],
  { timeoutMs, cwd, user }: CommandOptions
): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { timeout: timeoutMs, maxBuffer: 16 * 1024 * 1024, encoding: 'utf8' as const, ...user }
    execFile(command, args, cwd === undefined ? options : { ...options, cwd }, (error, stdout, stderr) => {
      if (!error) resolve(stdout + stderr)
      else
        reject(
          new FlexError(
            'FLEX_ENGINE_FAILED',
            `${command} ${error.killed ? `took more than ${timeoutMs} ms` : 'failed'}:\n${lastLines(stdout + stderr) || error.message}`,
            { cause: error }
          )
        )
    })
  })
