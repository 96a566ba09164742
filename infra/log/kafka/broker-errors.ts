/**
 * What a broker answers instead of a result, and what a broken connection is, as errors that the adapter decides by.
 * Above the adapter both are FlexErrors (`asFlexError`): nobody else knows Kafka's numbers.
 */
import { FlexError, isFlexError } from '../../errors.ts'

interface BrokerErrorEntry {
  readonly name: string
  /** Waiting, or asking another broker, may mend it. */
  readonly isTransient?: true
  /** It is about which broker leads or coordinates: the metadata are old. */
  readonly isStale?: true
  /** A permission is missing. */
  readonly isRefusal?: true
}

/** Those that this adapter meets; another number is reported as it is and taken to be final. */
const entries: Readonly<Record<number, BrokerErrorEntry>> = {
  1: { name: 'OFFSET_OUT_OF_RANGE' },
  2: { name: 'CORRUPT_MESSAGE', isTransient: true },
  3: { name: 'UNKNOWN_TOPIC_OR_PARTITION', isTransient: true, isStale: true },
  5: { name: 'LEADER_NOT_AVAILABLE', isTransient: true, isStale: true },
  6: { name: 'NOT_LEADER_OR_FOLLOWER', isTransient: true, isStale: true },
  7: { name: 'REQUEST_TIMED_OUT', isTransient: true },
  8: { name: 'BROKER_NOT_AVAILABLE', isTransient: true, isStale: true },
  9: { name: 'REPLICA_NOT_AVAILABLE', isTransient: true, isStale: true },
  10: { name: 'MESSAGE_TOO_LARGE' },
  13: { name: 'NETWORK_EXCEPTION', isTransient: true, isStale: true },
  14: { name: 'COORDINATOR_LOAD_IN_PROGRESS', isTransient: true },
  15: { name: 'COORDINATOR_NOT_AVAILABLE', isTransient: true, isStale: true },
  16: { name: 'NOT_COORDINATOR', isTransient: true, isStale: true },
  17: { name: 'INVALID_TOPIC_EXCEPTION' },
  18: { name: 'RECORD_LIST_TOO_LARGE' },
  19: { name: 'NOT_ENOUGH_REPLICAS', isTransient: true },
  20: { name: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', isTransient: true },
  22: { name: 'ILLEGAL_GENERATION' },
  25: { name: 'UNKNOWN_MEMBER_ID' },
  26: { name: 'INVALID_SESSION_TIMEOUT' },
  27: { name: 'REBALANCE_IN_PROGRESS' },
  29: { name: 'TOPIC_AUTHORIZATION_FAILED', isRefusal: true },
  30: { name: 'GROUP_AUTHORIZATION_FAILED', isRefusal: true },
  31: { name: 'CLUSTER_AUTHORIZATION_FAILED', isRefusal: true },
  32: { name: 'INVALID_TIMESTAMP' },
  35: { name: 'UNSUPPORTED_VERSION' },
  45: { name: 'OUT_OF_ORDER_SEQUENCE_NUMBER' },
  46: { name: 'DUPLICATE_SEQUENCE_NUMBER' },
  47: { name: 'INVALID_PRODUCER_EPOCH' },
  56: { name: 'KAFKA_STORAGE_ERROR', isTransient: true, isStale: true },
  59: { name: 'UNKNOWN_PRODUCER_ID' },
  74: { name: 'FENCED_LEADER_EPOCH', isTransient: true, isStale: true },
  75: { name: 'UNKNOWN_LEADER_EPOCH', isTransient: true, isStale: true },
  78: { name: 'OFFSET_NOT_AVAILABLE', isTransient: true },
  79: { name: 'MEMBER_ID_REQUIRED' },
  87: { name: 'INVALID_RECORD' },
  89: { name: 'THROTTLING_QUOTA_EXCEEDED', isTransient: true }
}

export type BrokerErrorName = NonNullable<(typeof entries)[number]>['name']

export class BrokerError extends Error {
  readonly errorCode: number
  /** Kafka's name of the error. */
  readonly kind: string
  readonly isTransient: boolean
  readonly isStale: boolean
  readonly isRefusal: boolean

  constructor(errorCode: number, what: string, detail?: string | null) {
    const entry = entries[errorCode] ?? { name: `error ${errorCode}` }
    super(`${what}: ${entry.name}${detail ? ` (${detail})` : ''}`)
    this.name = 'BrokerError'
    this.errorCode = errorCode
    this.kind = entry.name
    this.isTransient = entry.isTransient === true
    this.isStale = entry.isStale === true
    this.isRefusal = entry.isRefusal === true
  }
}

/** A request that got no answer: it may have had its effect if `wasSent`. */
export class ConnectionLost extends Error {
  readonly wasSent: boolean

  constructor(address: string, reason: string, wasSent: boolean) {
    super(`${address}: ${reason}`)
    this.name = 'ConnectionLost'
    this.wasSent = wasSent
  }
}

export const isTransient = (error: unknown): boolean =>
  error instanceof ConnectionLost || (error instanceof BrokerError && error.isTransient)

export const isStale = (error: unknown): boolean =>
  error instanceof ConnectionLost || (error instanceof BrokerError && error.isStale)

export const isBrokerError = (error: unknown, kind: string): error is BrokerError =>
  error instanceof BrokerError && error.kind === kind

export const asFlexError = (error: unknown, what: string): unknown => {
  if (isFlexError(error) || error instanceof TypeError) return error
  const reason = error instanceof Error ? error.message : String(error)
  const code = error instanceof BrokerError && error.isRefusal ? 'FLEX_LOG_REFUSED' : 'FLEX_LOG_UNAVAILABLE'
  return new FlexError(code, `${what}: ${reason}`, { cause: error })
}
