/**
 * Something that cannot be so is so: a rule threw, an event that must not follow followed. To repeat it would give the
 * same, so whoever meets it stops what it does and says so; nothing is guessed and nothing after it is done.
 */
import { AssertionError } from 'node:assert'

export class BrokenInvariant extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.name = 'BrokenInvariant'
  }
}

export const isBrokenInvariant = (error: unknown): boolean =>
  error instanceof BrokenInvariant || error instanceof AssertionError

/** For rules that must not throw, whatever they are given. */
export const mustHold = <Result>(what: string, rule: () => Result): Result => {
  try {
    return rule()
  } catch (error) {
    throw new BrokenInvariant(what, { cause: error })
  }
}
