/**
 * Limits to first order around the last solution of an operating point: what is left of each, and what every candidate uses
 * of it, exactly (adjoint sensitivities).
 *
 * Voltage couples everything with everything: without a threshold the worst rank would be refused for raising the loading of
 * a transformer at the other end of the town by a millionth of a percent. So effects below the threshold are taken as given,
 * not as a reason to cut, as long as the candidates above it can keep the limit alone; else all effects of the limit count.
 */
import type { OperatingPoint } from '../power-flow.ts'
import type { Limits } from '../violations.ts'
import type { CandidateColumns } from './candidate-columns.ts'
import { densePicture } from './dense-picture.ts'
import type { LimitScan, Monitored } from './limit-scan.ts'
import type { LinearLimits } from './linear-limits.ts'
import { treePicture } from './tree-picture.ts'

export interface Pictured {
  readonly limits: Limits
  readonly monitored: readonly Monitored[]
  /** By candidate. */
  readonly most: Float64Array
  readonly columns: CandidateColumns
  /** Those of the point's last solution. */
  readonly levels: Float64Array
  /** Share of the strongest effect on a limit, of uses and of cures each. */
  readonly effectLeast: number
}

export type LimitPicture = (pictured: Pictured) => LinearLimits

export const limitPicture = (point: OperatingPoint, scan: LimitScan): LimitPicture =>
  treePicture(point, scan) ?? densePicture(point, scan)
