import type { Highs } from 'highs'
import loadHighs from 'highs'

/**
 * The linear and mixed-integer solver (HiGHS, compiled to WebAssembly), and the programmes that it is given.
 *
 * Loading is the one asynchronous step and happens once, outside the rules; solving is synchronous, single-threaded and
 * bounded by nodes, never by time, so a re-run ends where the first run did. A model owns WebAssembly memory: `solve`
 * disposes of it before it returns.
 */
export interface Solver {
  readonly highs: Highs
  readonly name: string
}

export const loadSolver = async (): Promise<Solver> => {
  // The package's types describe its CommonJS build; as an ES module its default export is the loader itself.
  const load = loadHighs as unknown as typeof loadHighs.default
  const highs = await load()
  return { highs, name: `highs-${highs.version.string}` }
}

/** Minimise each of the four objectives in turn, none at the expense of an earlier one. */
export const objectives = [0, 1, 2, 3] as const

/** A programme under construction: columns with bounds and one cost per objective, rows as sparse entries. */
export class Programme {
  readonly lower: number[] = []
  readonly upper: number[] = []
  readonly integer: boolean[] = []
  readonly costs: [number[], number[], number[], number[]] = [[], [], [], []]
  readonly rowLower: number[] = []
  readonly rowUpper: number[] = []
  readonly starts: number[] = [0]
  readonly indices: number[] = []
  readonly values: number[] = []

  get columns(): number {
    return this.lower.length
  }

  get rows(): number {
    return this.rowLower.length
  }

  addColumn(lower: number, upper: number, integer = false): number {
    this.lower.push(lower)
    this.upper.push(upper)
    this.integer.push(integer)
    for (const cost of this.costs) cost.push(0)
    return this.lower.length - 1
  }

  addRow(lower: number, upper: number, entries: readonly (readonly [column: number, value: number])[]): void {
    for (const [column, value] of entries) {
      this.indices.push(column)
      this.values.push(value)
    }
    this.rowLower.push(lower)
    this.rowUpper.push(upper)
    this.starts.push(this.indices.length)
  }
}
