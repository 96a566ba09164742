/** Plans of slots as columns for another thread that has the same network and units. */
import type { CompiledNetwork } from '../grid/compile-network.ts'
import { type PackedViolations, packViolations, unpackViolations } from '../grid/packed-violations.ts'
import type { PlannedShare } from './grid-calculation.ts'

type Activations = Extract<PlannedShare, { readonly activations: unknown }>['activations']

export interface PackedPlans {
  readonly slots: readonly number[]
  /** Of slots without activations. */
  readonly statuses: readonly ('clean' | 'diverged' | undefined)[]
  readonly unresolved: Int32Array
  readonly violations: PackedViolations
  readonly counts: Int32Array
  /** Per activation of all slots `OF_ACTIVATION`: place of its unit, W, var. */
  readonly activations: Float64Array
}

interface Units {
  readonly units: readonly { readonly pod: string }[]
}

const OF_ACTIVATION = 3

export const packPlans = (planned: ReadonlyMap<number, PlannedShare>, { units }: Units): PackedPlans => {
  const placeOf = new Map(units.map(({ pod }, n) => [pod, n]))
  const all = [...planned.values()]
  const activationsOf = (one: PlannedShare): Activations => ('activations' in one ? one.activations : [])
  return {
    slots: [...planned.keys()],
    statuses: all.map(one => ('status' in one ? one.status : undefined)),
    unresolved: Int32Array.from(all, ({ unresolved }) => unresolved),
    violations: packViolations(all.map(one => ('violations' in one ? one.violations : undefined))),
    counts: Int32Array.from(all, one => activationsOf(one).length),
    activations: Float64Array.from(
      all.flatMap(one => activationsOf(one).flatMap(({ pod, p, q }) => [placeOf.get(pod)!, p, q]))
    )
  }
}

export const unpackPlans = (
  { slots, statuses, unresolved, violations, counts, activations }: PackedPlans,
  { compiled, units }: Units & { readonly compiled: CompiledNetwork }
): ReadonlyMap<number, PlannedShare> => {
  const violationsOf = unpackViolations(violations, compiled)
  let at = 0
  const activation = (): Activations[number] => {
    const first = at
    at += OF_ACTIVATION
    return { pod: units[activations[first]!]!.pod, p: activations[first + 1]!, q: activations[first + 2]! }
  }
  return new Map(
    slots.map((slot, n): [number, PlannedShare] => {
      const own = Array.from({ length: counts[n]! }, activation)
      const status = statuses[n]
      return [
        slot,
        status === undefined
          ? { violations: violationsOf[n] ?? [], activations: own, unresolved: unresolved[n]! }
          : { status, unresolved: unresolved[n]! }
      ]
    })
  )
}
