/** Every read model there is; what a role that runs projections runs. */
import { commandsProjection } from './commands/project.ts'
import { gridStateProjection } from './grid-state/project.ts'
import { outcomesProjection } from './outcomes/project.ts'
import { placesProjection } from './places/project.ts'
import { podsProjection } from './pods/project.ts'
import type { AnyProjection } from './runtime/projection.ts'
import { servicesProjection } from './services/project.ts'
import { sessionsProjection } from './sessions/project.ts'

/** `places` first: who may see a service is known before the service is. */
export const projections: readonly AnyProjection[] = [
  podsProjection,
  placesProjection,
  sessionsProjection,
  servicesProjection,
  outcomesProjection,
  gridStateProjection,
  commandsProjection
]

export const projectionNamed = (name: string): AnyProjection | undefined =>
  projections.find(projection => projection.name === name)
