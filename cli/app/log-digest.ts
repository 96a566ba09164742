/**
 * Two digests of a log. `digest` covers every record as it stands: two undisturbed runs of a scenario give the same one.
 * `factsDigest` covers what readers apply: type, key and value of the events of complete causes under the newest owner, and
 * the copies on actor topics once each; a run that was killed and started again gives the same one.
 */
import { createHash, type Hash } from 'node:crypto'
import { causeAssembler, startPosition } from '../../infra/log/cause-reader.ts'
import { header } from '../../infra/log/envelope.ts'
import type { Log, StoredRecord } from '../../infra/log/log.ts'
import { fullNameOf } from '../../schemas/codec.ts'
import { isOwnTopic } from '../../schemas/topics.ts'

export interface LogDigest {
  readonly records: number
  readonly facts: number
  /** SHA-256, hex, over all records in the order of topic, partition and offset. */
  readonly digest: string
  readonly factsDigest: string
}

const repeated = fullNameOf('CommandRepeated')

export const logDigest = async (log: Log): Promise<LogDigest> => {
  const all = createHash('sha256')
  const facts = createHash('sha256')
  let records = 0
  let factCount = 0
  const addFact = (topic: string, record: StoredRecord): void => {
    if (record.headers[header.type] === repeated) return
    factCount++
    put(facts, topic, record.headers[header.type] ?? '', record.key)
    putBytes(facts, record.value)
  }
  const topics = (await log.topics())
    .filter(({ name }) => isOwnTopic(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  for (const { name, partitions } of topics)
    for (let partition = 0; partition < partitions; partition++) {
      const assembler = causeAssembler(startPosition)
      const seen = new Set<string>()
      for await (const batch of log.read(name, partition, 0))
        for (const record of batch) {
          records++
          put(all, name, String(partition), String(record.offset), String(record.timestamp), record.key)
          put(all, JSON.stringify(Object.entries(record.headers).sort(([a], [b]) => (a < b ? -1 : 1))))
          putBytes(all, record.value)
          if (name.endsWith('.events')) for (const event of assembler.push(record)?.events ?? []) addFact(name, event)
          else if (!name.startsWith('flex.')) {
            const id = record.headers[header.fedFrom] ?? record.headers[header.id] ?? ''
            if (!seen.has(id)) addFact(name, record)
            seen.add(id)
          }
        }
    }
  return { records, facts: factCount, digest: all.digest('hex'), factsDigest: facts.digest('hex') }
}

/** Each text with its length, so that no two lists of texts give the same bytes. */
const put = (hash: Hash, ...texts: readonly string[]): void => {
  for (const text of texts) putBytes(hash, Buffer.from(text, 'utf8'))
}

const putBytes = (hash: Hash, bytes: Uint8Array): void => {
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(bytes.length)
  hash.update(length).update(bytes)
}
