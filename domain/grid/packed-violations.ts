/**
 * Lists of violations as a few columns for another thread that has the same network. `unpackViolations` gives the lists
 * again.
 */
import type { CompiledNetwork } from './compile-network.ts'
import type { Violation } from './violations.ts'

export interface PackedViolations {
  /** By list, how many it has; -1: there is no list. */
  readonly counts: Int32Array
  /** All below are of all lists, one after the other. Place in `KINDS`. */
  readonly kind: Uint8Array
  readonly index: Int32Array
  /** Per violation `NUMBERS`: value and limit; of a current its loading and the limit of that too, in percent. */
  readonly numbers: Float64Array
}

const KINDS = ['under-voltage', 'over-voltage', 'line-overload', 'transformer-overload'] as const
const NUMBERS = 4

export const packViolations = (lists: readonly (readonly Violation[] | undefined)[]): PackedViolations => {
  const count = lists.reduce((sum, list) => sum + (list?.length ?? 0), 0)
  const kind = new Uint8Array(count)
  const index = new Int32Array(count)
  const numbers = new Float64Array(NUMBERS * count)
  let at = 0
  const add = (one: Violation): void => {
    kind[at] = KINDS.indexOf(one.kind)
    index[at] = one.index
    if ('value_pu' in one) {
      numbers[NUMBERS * at] = one.value_pu
      numbers[NUMBERS * at + 1] = one.limit_pu
    } else {
      numbers[NUMBERS * at] = one.value_A
      numbers[NUMBERS * at + 1] = one.limit_A
      numbers[NUMBERS * at + 2] = one.loadingPercent
      numbers[NUMBERS * at + 3] = one.limitPercent
    }
    at++
  }
  for (const list of lists) list?.forEach(add)
  return { counts: Int32Array.from(lists, list => list?.length ?? -1), kind, index, numbers }
}

export const unpackViolations = (
  { counts, kind: kinds, index: indices, numbers }: PackedViolations,
  { network }: Pick<CompiledNetwork, 'network'>
): readonly (readonly Violation[] | undefined)[] => {
  let at = 0
  const violation = (): Violation => {
    const kind = KINDS[kinds[at]!]!
    const index = indices[at]!
    const n = NUMBERS * at++
    if (kind === 'under-voltage' || kind === 'over-voltage')
      return { kind, element: network.buses[index]!.id, index, value_pu: numbers[n]!, limit_pu: numbers[n + 1]! }
    const element = (kind === 'line-overload' ? network.lines : network.transformers)[index]!.id
    return {
      ...{ kind, element, index, value_A: numbers[n]!, limit_A: numbers[n + 1]! },
      ...{ loadingPercent: numbers[n + 2]!, limitPercent: numbers[n + 3]! }
    }
  }
  return Array.from(counts, count => {
    if (count < 0) return undefined
    const list: Violation[] = []
    for (let n = 0; n < count; n++) list.push(violation())
    return list
  })
}
