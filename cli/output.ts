/**
 * What a command prints: data on standard output, progress and messages on standard error; with `--json` one document on
 * standard output and nothing else there. Exit codes: 0 done, 1 a finding, 2 wrong use, 3 and above an operating error.
 */
export interface OutputFlags {
  readonly json?: boolean
  readonly quiet?: boolean
}

export const exitCode = { done: 0, finding: 1, usage: 2, operating: 3 } as const

/** Wrong use of a command, found after its flags were parsed. */
export class UsageError extends Error {}

/** A finding: the command did its work, and what it found is not well. */
export class Finding extends Error {}

export const printJson = (document: unknown): void => {
  process.stdout.write(`${JSON.stringify(document, bigintAsText, 2)}\n`)
}

const bigintAsText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)

export const printText = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** A line of progress on standard error; overwritten on a terminal. */
export const progress = (flags: OutputFlags) => {
  const { isTTY } = process.stderr
  return (text: string): void => {
    if (!flags.quiet) process.stderr.write(isTTY ? `\r\x1b[2K${text}` : `${text}\n`)
  }
}

export const progressDone = (flags: OutputFlags): void => {
  if (!flags.quiet && process.stderr.isTTY) process.stderr.write('\r\x1b[2K')
}

/** Columns padded to their widest cell; numbers to the right. */
export const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string => {
  const cells = [head, ...rows].map(row => row.map(String))
  const widths = head.map((_, column) => Math.max(...cells.map(row => row[column]?.length ?? 0)))
  const isNumber = head.map((_, column) =>
    rows.every(row => typeof row[column] === 'number' || /^[\d.,–-]*( €)?$/.test(String(row[column])))
  )
  return cells
    .map(row =>
      row
        .map((cell, column) => (isNumber[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join('  ')
        .trimEnd()
    )
    .join('\n')
}
