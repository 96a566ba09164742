/** The rule set that the clock opens sessions with, from the configuration. */
import { PRICE_MAX } from '../../domain/units/quantities.ts'
import type { Config } from '../../infra/config/config.ts'
import type { SessionRules } from '../../schemas/generated.ts'

export const sessionRules = (config: Config): SessionRules => ({
  pricing: config.pricing,
  exclusivePerPod: config.exclusivePerPod,
  minimumBid: config.minBidW,
  nodeLimit: config.nodeLimit,
  gapAccepted: config.gapAccepted,
  priceLimitMax: PRICE_MAX,
  objectives: config.objectives,
  objectiveWeights: config.objectiveWeights,
  seed: config.objectives.length > 0 ? config.objectiveSeed : 0
})
