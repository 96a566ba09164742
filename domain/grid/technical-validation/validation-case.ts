/** What a technical validation is given, and the rules that hold where nothing else is said. */
import type { BusOfPod } from '../apply-services.ts'
import type { CompiledNetwork } from '../compile-network.ts'
import type { SlotPowers } from '../power-flow.ts'
import type { Limits } from '../violations.ts'
import type { CuttingRules } from './cutting-rules.ts'
import type { Tolerance } from './relaxed-limits.ts'
import type { AcceptedService } from './service.ts'

export interface ValidationCase {
  readonly compiled: CompiledNetwork
  readonly busOfPod: BusOfPod
  /** By slot, without the services to be judged; in real time with those of day-ahead (applyServices). */
  readonly slots: readonly SlotPowers[]
  readonly services: readonly AcceptedService[]
  readonly limits: Limits
  readonly cutting?: Partial<CuttingRules>
  readonly tolerance?: Tolerance
}

/** What a meter can tell and an aggregator can share out. */
export const STEP_W = 10

/** As capacity calculation leaves out what hardly touches an element; below it nobody would ask for the service's end. */
export const EFFECT_LEAST = 0.01

export const RESIDUAL_TOLERANCE: Tolerance = { voltagePu: 0.0005, loadingPercent: 0.1 }

export const cuttingOf = ({ cutting }: Pick<ValidationCase, 'cutting'>): CuttingRules => ({
  step: STEP_W,
  effectLeast: EFFECT_LEAST,
  ...cutting
})
