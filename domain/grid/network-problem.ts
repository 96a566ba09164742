/**
 * What can be wrong with a network: the closed list. An `error` forbids a calculation, a `warning` does not: the result
 * says what it leaves out. Every problem of a file is reported, each at its place.
 */
export const networkProblemCodes = {
  'bad-value': 'A field has a value of the wrong type or out of its range.',
  'contradictory-switches': 'Switches say two things about one place.',
  'duplicate-id': 'Two elements of one kind have the same id.',
  island: 'Buses are connected to no external grid: they have no voltage, and what hangs on them is not supplied.',
  'missing-data': 'A field that the calculation needs is missing.',
  'no-external-grid': 'No external grid holds a voltage.',
  'shorted-branch': 'Closed switches join both ends of a line.',
  'unknown-element': 'An element names a bus, line or transformer that the network does not have.',
  'unknown-field': 'The format has no such field.',
  unsupported: 'The file has an element that the model does not know; leaving it out would give a wrong result.',
  'voltage-mismatch': 'Elements of different nominal voltages are joined.',
  'zero-impedance': 'A line or transformer has no impedance; use a closed switch.'
} as const

export type NetworkProblemCode = keyof typeof networkProblemCodes

export interface NetworkProblem {
  readonly severity: 'error' | 'warning'
  readonly code: NetworkProblemCode
  /** JSON Pointer into the network in the own format, or the place in the file that was read. */
  readonly path: string
  readonly detail: string
}

export const hasErrors = (problems: readonly NetworkProblem[]): boolean =>
  problems.some(({ severity }) => severity === 'error')

/** Collects problems in the order in which they are found. */
export class NetworkProblems {
  readonly list: NetworkProblem[] = []

  error(code: NetworkProblemCode, path: string, detail: string): void {
    this.list.push({ severity: 'error', code, path, detail })
  }

  warning(code: NetworkProblemCode, path: string, detail: string): void {
    this.list.push({ severity: 'warning', code, path, detail })
  }
}
