/** Limits to first order around a state of the grid, as the dealing by rank sees them. */

/** Row by row for each limit, how much one unit of each candidate uses of it; negative: it cures. */
export interface LinearLimits {
  readonly count: number
  readonly use: Float64Array
  /** What is left of each limit when every candidate is at 0; negative: it is broken then. */
  readonly room: Float64Array
}
