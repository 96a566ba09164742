/**
 * Which records a feed or a filter has to decode, by the type in their header. Only records of types that it knows and does
 * not name are left out: one without a type, or of a type that only a later version knows, is decoded, and stops it there.
 */
import { header } from '../../infra/log/envelope.ts'
import type { StoredRecord } from '../../infra/log/log.ts'
import { fullName, type Message } from '../../schemas/generated.ts'

export const typeFilter = (types: readonly Message['type'][] | undefined): ((record: StoredRecord) => boolean) => {
  if (!types) return () => true
  const named = new Set(types)
  const leftOut = new Set<string>(
    (Object.keys(fullName) as Message['type'][]).filter(type => !named.has(type)).map(type => fullName[type])
  )
  return ({ headers }) => !leftOut.has(headers[header.type] ?? '')
}
