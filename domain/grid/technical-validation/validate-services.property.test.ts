import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { runs } from '../networks.fixtures.ts'
import { levelAbove } from './levels.ts'
import type { TechnicalValidation } from './service.ts'
import { validateServices } from './validate-services.ts'
import { RESIDUAL_TOLERANCE, STEP_W, type ValidationCase } from './validation-case.ts'
import { brokenWith, validationCase } from './validation-cases.fixtures.ts'

/** Between what holds without services and what would hold with all of them: nothing is broken beforehand. */
const between = { min: 0, max: 1.2 }
/** So that some of it is broken without any service. */
const below = { min: -0.3, max: 1 }

const levelsIn = ({ services }: TechnicalValidation, slot: number): number[] =>
  services.map(({ slots }) => slots.find(one => one.slot === slot)?.acceptable ?? 0)

const candidateOf = ({ services }: ValidationCase, n: number) => {
  const { kind, minAcceptance, accepted } = services[n]!
  return { most: accepted[0]!.amount, isDiscrete: kind === 'discrete', minimum: minAcceptance }
}

/** Services that are cut in the slot and are judged slot by slot, with their next level. */
const cutIn = (given: ValidationCase, { services }: TechnicalValidation, slot: number) =>
  services.flatMap(({ slots }, n) => {
    const judged = slots.find(one => one.slot === slot)
    if (!judged || judged.acceptable === judged.accepted || given.services[n]!.isBlock) return []
    return [{ n, next: levelAbove(candidateOf(given, n), judged.acceptable, STEP_W)! }]
  })

const isBroken = (violations: readonly unknown[] | undefined): boolean =>
  violations === undefined || violations.length > 0

const holdsAll = (
  given: ValidationCase,
  check: (validation: TechnicalValidation, slot: number) => boolean
): boolean => {
  const validation = validateServices(given)
  return given.slots.every((_, slot) => check(validation, slot))
}

t.test('DTP-ATV-02: what is acceptable breaks no limit', async t => {
  fc.assert(
    fc.property(validationCase({ kinds: 'any', most: 8, slots: 3, place: between, effectLeast: 0.01 }), given =>
      holdsAll(given, (validation, slot) => {
        const violations = brokenWith(given, levelsIn(validation, slot), slot)
        return violations?.length === 0 && validation.slots[slot]!.residual.length === 0
      })
    ),
    runs(150)
  )
  t.end()
})

t.test('DTP-ATV-03: where all services together break nothing, nothing is curtailed', async t => {
  fc.assert(
    fc.property(validationCase({ kinds: 'any', most: 4, slots: 1, place: { min: 0.5, max: 1.5 } }), given =>
      holdsAll(given, (validation, slot) => {
        const all = given.services.map(() => Number.POSITIVE_INFINITY)
        if (isBroken(brokenWith(given, all, slot))) return validation.slots[slot]!.status === 'curtailed'
        return validation.slots[slot]!.status === 'clear' && cutIn(given, validation, slot).length === 0
      })
    ),
    runs(300)
  )
  t.end()
})

t.test('DTP-ATV-02: no curtailed service can be raised by its step without breaking a limit', async t => {
  fc.assert(
    fc.property(validationCase({ kinds: 'any', most: 8, slots: 1, place: between, effectLeast: 0.01 }), given =>
      holdsAll(given, (validation, slot) => {
        const levels = levelsIn(validation, slot)
        return cutIn(given, validation, slot).every(({ n, next }) =>
          isBroken(brokenWith(given, levels.with(n, next), slot))
        )
      })
    ),
    runs(150)
  )
  t.end()
})

t.test('T-21: no curtailed service could be raised by its step by giving up a worse one, or all of them', async t => {
  fc.assert(
    fc.property(validationCase({ kinds: 'any', most: 7, slots: 1, place: between }), given =>
      holdsAll(given, (validation, slot) => {
        const levels = levelsIn(validation, slot)
        return cutIn(given, validation, slot).every(({ n, next }) => {
          const givenUp = (k: number): number[] =>
            levels.map((level, m) => (m === n ? next : m > n && (m === k || k === n) ? 0 : level))
          return levels.every((_, k) => k < n || isBroken(brokenWith(given, givenUp(k), slot)))
        })
      })
    ),
    runs(150)
  )
  t.end()
})

t.test(
  'T-22: of discrete services that all move power one way, the set is the first by rank of all that break nothing',
  async t => {
    fc.assert(
      fc.property(validationCase({ kinds: 'discrete', isOneWay: true, most: 7, slots: 1, place: between }), given =>
        holdsAll(given, (validation, slot) => {
          const full = given.services.map(({ accepted }) => accepted[0]!.amount)
          const sets = Array.from({ length: 2 ** full.length }, (_, set) =>
            full.map((amount, n) => ((set >> (full.length - 1 - n)) & 1 ? amount : 0))
          )
          const first = sets.findLast(levels => !isBroken(brokenWith(given, levels, slot)))!
          return levelsIn(validation, slot).every((level, n) => level === first[n])
        })
      ),
      runs(150)
    )
    t.end()
  }
)

t.test(
  'T-22: of a discrete service nothing or all is acceptable, of a continuous one nothing or at least its minimum',
  async t => {
    fc.assert(
      fc.property(validationCase({ kinds: 'any', most: 7, slots: 2, place: between }), given => {
        const { services } = validateServices(given)
        return services.every(({ slots }, n) =>
          slots.every(({ accepted, acceptable }) => {
            if (acceptable === 0 || acceptable === accepted) return true
            const { kind, minAcceptance } = given.services[n]!
            return kind === 'continuous' && acceptable >= minAcceptance && Number.isSafeInteger(acceptable)
          })
        )
      }),
      runs(150)
    )
    t.end()
  }
)

t.test('T-17: a block has one amount in all of its slots, or nothing', async t => {
  fc.assert(
    fc.property(validationCase({ kinds: 'any', most: 7, slots: 4, place: between }), given => {
      const { services } = validateServices(given)
      return services.every(({ slots }, n) => {
        const amounts = new Set(slots.map(({ acceptable }) => acceptable))
        return !given.services[n]!.isBlock || amounts.size === 1
      })
    }),
    runs(150)
  )
  t.end()
})

t.test('DTP-ATV-02: what is broken without services is not made worse by them, beyond the tolerance', async t => {
  fc.assert(
    fc.property(validationCase({ kinds: 'any', most: 6, slots: 1, place: below }), given =>
      holdsAll(given, (validation, slot) => {
        const levels = levelsIn(validation, slot)
        const none = levels.map(() => 0)
        const before = brokenWith(given, none, slot)!
        const { residual } = validation.slots[slot]!
        return residual.every(one => {
          const was = before.find(({ kind, index }) => kind === one.kind && index === one.index)
          if (was === undefined) return false
          if ('value_pu' in one && 'value_pu' in was)
            return (
              Math.abs(one.value_pu - one.limit_pu) <=
              Math.abs(was.value_pu - was.limit_pu) + RESIDUAL_TOLERANCE.voltagePu + 1e-8
            )
          if ('value_A' in one && 'value_A' in was)
            return one.loadingPercent <= was.loadingPercent + RESIDUAL_TOLERANCE.loadingPercent + 1e-5
          return false
        })
      })
    ),
    runs(150)
  )
  t.end()
})

t.test('DTP-ATV-02: the same services give the same answer', async t => {
  fc.assert(
    fc.property(validationCase({ kinds: 'any', most: 8, slots: 3, place: below }), given => {
      return isDeepStrictEqual(validateServices(given), validateServices(given))
    }),
    runs(20)
  )
  t.end()
})
