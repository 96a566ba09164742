/** One example of each record that the runtime writes. */
import type { RuntimeEvent } from '../generated.ts'
import { sha256 } from './story.ts'

export const runtimeEvents: { readonly [T in RuntimeEvent['type']]: Extract<RuntimeEvent, { readonly type: T }> } = {
  CommandRepeated: { type: 'CommandRepeated', firstCause: 1_841, sameContent: true },
  OwnershipTaken: { type: 'OwnershipTaken', owner: 'market-0' },
  RecordParked: {
    type: 'RecordParked',
    topic: 'flex.market.commands',
    partition: 4,
    offset: 90_112,
    reader: 'processors/market',
    code: 'FLEX_SCHEMA_UNKNOWN',
    detail: 'There is no schema with the id 999.',
    valueSha256: sha256('the value of the parked record')
  }
}
