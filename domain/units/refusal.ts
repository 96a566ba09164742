/**
 * Why a command can be refused: the closed list. A refusal names all reasons at once, each with the path of the item that
 * is wrong. docs/reference/problems.md describes the same list; a test holds both equal.
 */
export const refusalCodes = {
  'already-final': 'The session is final; its outcome does not change any more.',
  'already-unavailable': 'The PoD is declared unavailable in these MTUs already.',
  'above-band': 'More than the registered band of the unit.',
  'above-price-limit-max': 'The price is negative or above the highest price that may be bid.',
  'bad-baseline': 'A baseline has 96 slots, or none, within what the connection can carry.',
  'bad-cos-phi': 'A power factor is a number from 0 to 1 with suffix R or A.',
  'bad-id': 'The id has characters or a length that are not allowed.',
  'bad-interval': 'An interval starts and ends on quarter-hours, is not empty and overlaps no other.',
  'bad-min-acceptance': 'The minimum acceptance is negative or more than what is offered.',
  'bad-network': 'The network cannot be calculated.',
  'bad-quantity': 'A quantity is a whole number of W or var in the stated range.',
  'bad-range': 'The value is outside of the range of its field.',
  'bad-steps': 'A curve has 1 to 20 steps.',
  'bad-verdict': 'The verdict names MTUs or a quantity that the service does not have.',
  'below-minimum-bid': 'Less than the smallest quantity that may be offered or asked.',
  'discrete-unit': 'A discrete PoD can only be accepted as a whole: the minimum acceptance is the offered quantity.',
  'duplicate-offer-id': 'An offer of this id is in the session; send it as a replacement to change it.',
  'duplicate-pod': 'The PoD is registered.',
  'duplicate-request-id': 'A request of this id is in the session; send it as a replacement to change it.',
  'duplicate-session': 'The session was opened before.',
  empty: 'The list is empty.',
  'foreign-actor': 'It belongs to another actor.',
  'missing-parts': 'Not all parts of the upload were staged.',
  'no-longer-registered': 'The registration of the PoD has ended.',
  'not-later': 'Days are told in order, each once.',
  'not-qualified': 'The unit is not declared able to perform the service.',
  'outside-session': 'The interval is not inside the session.',
  'pod-in-other-unit': 'The PoD is offered in this session by another unit.',
  'pod-not-at-location': 'The PoD is not below the named substation or feeder.',
  'session-not-cleared': 'The session has no market outcome that awaits a technical outcome.',
  'session-not-open': 'The session is not open: the gate has closed.',
  'too-many': 'The list is longer than allowed.',
  'unknown-network': 'There is no network of this PoM.',
  'unknown-offer': 'There is no such offer in the session.',
  'unknown-pod': 'There is no such PoD.',
  'unknown-proposal': 'No such request waits for a decision.',
  'unknown-request': 'There is no such request in the session.',
  'unknown-series': 'The network has no such load, generator or storage.',
  'unknown-session': 'There is no such session.',
  'unknown-switch': 'The network has no such switch.',
  'unknown-upload': 'No parts of such an upload were staged.',
  'wrong-outcome': 'It names another market outcome than the one of the session.',
  'wrong-role': 'An actor of this role may not do this.'
} as const

export type RefusalCode = keyof typeof refusalCodes

export interface Reason {
  readonly code: RefusalCode
  /** JSON pointer into the submitted item; empty for the item as a whole. */
  readonly path: string
  readonly detail: string
}

/** Collects all reasons of one command. */
export const reasons = (): {
  add(code: RefusalCode, path: string, detail?: string): void
  readonly list: readonly Reason[]
} => {
  const list: Reason[] = []
  return {
    add(code, path, detail) {
      // A list of thousands of equal reasons helps nobody and must fit into a record.
      if (list.length < REASONS_MAX) list.push({ code, path, detail: detail ?? refusalCodes[code] })
    },
    list
  }
}

/** Reasons kept in one refusal; keeps the record far below its size limit. */
export const REASONS_MAX = 100
