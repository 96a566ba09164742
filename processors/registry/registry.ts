/** The registry processor: the only caller of the registry's rules. */

import { decide, evolve, initial, type Registry } from '../../domain/registry/registry.ts'
import type { RegistryCommand, RegistryEvent } from '../../schemas/generated.ts'
import type { Processor } from '../runtime/processor.ts'

export const registryProcessor: Processor<RegistryCommand, RegistryEvent, Registry> = {
  name: 'registry',
  stateVersion: 'registry-2',
  initial,
  decide,
  evolve
}
