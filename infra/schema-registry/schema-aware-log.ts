/**
 * A log whose readers can decode what a newer version wrote: before a batch is handed on, the schema ids in it that are not
 * known are looked up. Decoding itself asks nobody and stays synchronous; a batch of known ids costs a look at five bytes a
 * record.
 */
import type { Log, StoredRecord } from '../log/log.ts'
import type { SchemaLookup } from './schema-lookup.ts'

const MAGIC = 0
const HEADER_BYTES = 5

export const schemaAwareLog = (log: Log, lookup: SchemaLookup): Log => ({
  ensureTopics: topics => log.ensureTopics(topics),
  topics: () => log.topics(),
  append: (topic, partition, records) => log.append(topic, partition, records),
  endOffset: (topic, partition) => log.endOffset(topic, partition),
  assignments: (group, topics, signal) => log.assignments(group, topics, signal),
  close: () => log.close(),
  async *read(topic, partition, from, options) {
    for await (const batch of log.read(topic, partition, from, options)) {
      const open = unsettledIds(batch, lookup)
      for (const id of open) await lookup.settle(id)
      yield batch
    }
  }
})

const unsettledIds = (batch: readonly StoredRecord[], lookup: SchemaLookup): ReadonlySet<number> => {
  const found = new Set<number>()
  // Most records in a row are of one kind.
  let settled = -1
  for (const { value } of batch) {
    if (value.length < HEADER_BYTES || value[0] !== MAGIC) continue
    const id = ((value[1]! << 24) | (value[2]! << 16) | (value[3]! << 8) | value[4]!) >>> 0
    if (id === settled || found.has(id)) continue
    if (lookup.isSettled(id)) settled = id
    else found.add(id)
  }
  return found
}
