/**
 * Ids and their shapes. Business ids come from who asks, or are derived from what they are about; never from a position on
 * the log. A session id carries its PoM, so that whoever has the id knows the partition.
 */
declare const brand: unique symbol
export type SessionId = string & { readonly [brand]: 'SessionId' }

const podItalian = /^IT\d{3}E[0-9A-Z]{8,9}$/
const podFreeForm = /^[A-Za-z0-9_-]{1,40}$/
const idPattern = /^[A-Za-z0-9_-]{1,40}$/
const sessionPattern = /^(\d{4}-\d{2}-\d{2})\.([A-Z]{2,3}\d{0,2})\.([A-Za-z0-9_-]{1,40})$/
const serviceIdPattern = /^[A-Za-z0-9_.:-]{1,80}$/
const smartContractPattern = /^[0-9a-f]{24}$/

/** Italian codes and free-form ones are both in use (T-50). */
export const isPodCode = (text: string): boolean => podItalian.test(text) || podFreeForm.test(text)
/** Actors, PoMs, feeders, substations, aggregates. */
export const isId = (text: string): boolean => idPattern.test(text)
/** Offers and requests. */
export const isServiceId = (text: string): boolean => serviceIdPattern.test(text)
export const isSmartContractId = (text: string): boolean => smartContractPattern.test(text)

export const sessionId = (date: string, label: string, pom: string): SessionId => `${date}.${label}.${pom}` as SessionId

export const parseSessionId = (text: string): { date: string; label: string; pom: string } | undefined => {
  const match = sessionPattern.exec(text)
  if (!match) return undefined
  return { date: match[1]!, label: match[2]!, pom: match[3]! }
}
