/** The record by which an owner takes a partition. Its id names the end that the owner saw, so it differs each time. */
import { ownershipTakenType } from '../../infra/log/cause-reader.ts'
import { header, type SaltSource } from '../../infra/log/envelope.ts'
import type { LogRecord } from '../../infra/log/log.ts'
import { encode } from '../../schemas/codec.ts'

export interface Ownership {
  readonly writer: string
  readonly partition: number
  readonly owner: string
  /** End of the partition when it was taken. */
  readonly end: number
  readonly time: number
}

export const ownershipRecord = ({ writer, partition, owner, end, time }: Ownership, salt: SaltSource): LogRecord => {
  const id = `${writer}/${partition}/ownership/${owner}/${end}`
  return {
    key: '',
    value: encode({ type: 'OwnershipTaken', owner }),
    headers: {
      [header.specVersion]: '1.0',
      [header.id]: id,
      [header.type]: ownershipTakenType,
      [header.source]: writer,
      [header.time]: new Date(time).toISOString(),
      [header.salt]: salt(id)
    },
    timestamp: time
  }
}
