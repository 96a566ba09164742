/**
 * One realistic example per message. The golden bytes, the event reference and the AsyncAPI document are made from these, so
 * an example changes only together with a new version of its schema.
 */
import { gridCommands } from './examples/grid-commands.ts'
import { gridEvents } from './examples/grid-events.ts'
import { marketCommands } from './examples/market-commands.ts'
import { marketEvents } from './examples/market-events.ts'
import { registryCommands, registryEvents } from './examples/registry.ts'
import { runtimeEvents } from './examples/runtime.ts'
import type { Message } from './generated.ts'

export const examples: { readonly [T in Message['type']]: Extract<Message, { readonly type: T }> } = {
  ...gridCommands,
  ...gridEvents,
  ...marketCommands,
  ...marketEvents,
  ...registryCommands,
  ...registryEvents,
  ...runtimeEvents
}
