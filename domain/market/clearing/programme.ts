/** A clearing programme under construction: columns with bounds and one cost per objective, rows as sparse entries. */
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
