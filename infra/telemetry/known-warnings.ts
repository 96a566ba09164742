/**
 * Warnings of Node.js about a package's inside that its user can do nothing about. kafkajs 2.2.4 computes a timer below zero
 * for requests that need not wait; Node.js 24 makes it 1 ms, which is right, and says so once on standard error, where a
 * user would take it for a fault of ours. Every other warning goes on as it is.
 */
const leftOut: ReadonlySet<string> = new Set(['TimeoutNegativeWarning'])

export const leaveOutKnownWarnings = (): void => {
  const emitWarning = process.emitWarning.bind(process)
  const filtered = (warning: string | Error, ...rest: readonly unknown[]): void => {
    const [second] = rest
    const type =
      typeof second === 'string' ? second : (typeName(second) ?? (warning instanceof Error ? warning.name : ''))
    if (!leftOut.has(type)) Reflect.apply(emitWarning, process, [warning, ...rest])
  }
  process.emitWarning = filtered
}

const typeName = (options: unknown): string | undefined =>
  typeof options === 'object' && options !== null && 'type' in options && typeof options.type === 'string'
    ? options.type
    : undefined
