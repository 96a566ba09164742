/**
 * Services of the market as the grid calculation takes them: quarter-hours by number, members with the weight by which a
 * unit's power is shared over them (their bands in that direction), and of earlier sessions of the day what is definitive.
 */
import type { Direction, GridPodNoted, ProfileInterval, Quantity, Unit } from '../../schemas/generated.ts'
import type { ActiveService } from '../grid/apply-services.ts'
import type { FlexibleBand } from '../grid/flexible-unit.ts'
import type { AcceptedService } from '../grid/technical-validation/service.ts'
import { MTU_MS } from '../units/time.ts'
import type { GridSession, PomGrid } from './state.ts'

type Pods = ReadonlyMap<string, GridPodNoted>

export const bandOf = ({ maxFlexibility }: GridPodNoted): FlexibleBand => ({
  upP: maxFlexibility.upperP,
  downP: maxFlexibility.downP,
  upQ: maxFlexibility.upperQ,
  downQ: maxFlexibility.downQ
})

export const axisOf = (quantity: Quantity, direction: Direction): keyof FlexibleBand =>
  quantity === 'P' ? (direction === 'UP' ? 'upP' : 'downP') : direction === 'UP' ? 'upQ' : 'downQ'

/** Earlier sessions of the same day that are final, in their order. */
export const earlierSessions = (
  { sessionId, deliveryDate, number }: GridSession['asked'],
  { sessions }: PomGrid
): readonly GridSession[] =>
  [...sessions.values()]
    .filter(
      ({ asked, status }) =>
        status === 'final' &&
        asked.sessionId !== sessionId &&
        asked.deliveryDate === deliveryDate &&
        asked.number < number
    )
    .sort((a, b) => a.asked.number - b.asked.number)

/** What earlier sessions have made definitive, as far as it is in this one's window. */
export const firmServices = (asked: GridSession['asked'], pom: PomGrid): readonly ActiveService[] =>
  earlierSessions(asked, pom).flatMap(({ asked: { definitiveStart, definitiveMtus }, validated }) => {
    const start = Math.max(asked.start, definitiveStart)
    const end = Math.min(asked.start + asked.mtus * MTU_MS, definitiveStart + definitiveMtus * MTU_MS)
    return validated.map(service => activeService(service, pom.pods, asked.start, { start, end }))
  })

/** All that was finally accepted in this session. */
export const ownServices = ({ asked, validated }: GridSession, pods: Pods): readonly ActiveService[] =>
  validated.map(service =>
    activeService(service, pods, asked.start, { start: asked.start, end: asked.start + asked.mtus * MTU_MS })
  )

interface Service {
  readonly unit: Unit
  readonly quantity: Quantity
  readonly direction: Direction
  readonly profile: readonly ProfileInterval[]
}

const activeService = (
  { unit, quantity, direction, profile }: Service,
  pods: Pods,
  start: number,
  window: { readonly start: number; readonly end: number }
): ActiveService => ({
  quantity,
  direction,
  members: membersOf(unit, quantity, direction, pods),
  runs: profile.flatMap(run => {
    const from = Math.max(run.start, window.start)
    const to = Math.min(run.start + run.mtus * MTU_MS, window.end)
    if (to <= from) return []
    return [{ slot: (from - start) / MTU_MS, slots: (to - from) / MTU_MS, amount: run.quantity }]
  })
})

const membersOf = (unit: Unit, quantity: Quantity, direction: Direction, pods: Pods): ActiveService['members'] => {
  const axis = axisOf(quantity, direction)
  const weights = unit.pods.map(pod => {
    const noted = pods.get(pod)
    return noted ? Math.abs(bandOf(noted)[axis]) : 0
  })
  // Bands of 0 say nothing about who delivers: then all share alike.
  const isKnown = weights.some(weight => weight > 0)
  return unit.pods.map((pod, n) => ({ pod, weight: isKnown ? weights[n]! : 1 }))
}

/** What the market accepted in this session, as it is judged. */
export const acceptedServices = (session: GridSession, pom: PomGrid): readonly AcceptedService[] =>
  session.cleared.map(service => {
    const { offerId, rank, unit, quantity, direction, profile, carriedFrom } = service
    const origin = carriedFrom === null ? session : pom.sessions.get(carriedFrom)
    const terms = origin?.indivisible.get(offerId)
    const isDiscrete = unit.pods.some(pod => pom.pods.get(pod)?.flexibilityType === 'discrete')
    return {
      offerId,
      rank,
      quantity,
      direction,
      kind: isDiscrete ? 'discrete' : 'continuous',
      isBlock: terms?.isBlock ?? false,
      minAcceptance: terms?.minAcceptance ?? 0,
      members: membersOf(unit, quantity, direction, pom.pods),
      accepted: profile.map(run => ({
        slot: (run.start - session.asked.start) / MTU_MS,
        slots: run.mtus,
        amount: run.quantity
      }))
    }
  })

/** By slot, the bands of those PoDs that firm volumes leave less to: what is taken is gone, and nothing goes against it. */
export const bandsLeft = (
  pods: Pods,
  firm: readonly ActiveService[],
  slots: number
): readonly (ReadonlyMap<string, FlexibleBand> | undefined)[] => {
  const left: (Map<string, FlexibleBand> | undefined)[] = new Array(slots).fill(undefined)
  for (const { quantity, direction, members, runs } of firm) {
    const axis = axisOf(quantity, direction)
    const opposite = axisOf(quantity, direction === 'UP' ? 'DOWN' : 'UP')
    const sign = direction === 'UP' ? 1 : -1
    const total = members.reduce((sum, { weight }) => sum + weight, 0)
    for (const { slot, slots: length, amount } of runs) {
      for (let at = slot; at < slot + length; at++) {
        const bands = left[at] ?? new Map<string, FlexibleBand>()
        left[at] = bands
        for (const { pod, weight } of members) {
          const noted = pods.get(pod)
          if (!noted) continue
          const band = bands.get(pod) ?? bandOf(noted)
          const rest = Math.max(0, Math.abs(band[axis]) - Math.ceil((amount * weight) / total))
          bands.set(pod, { ...band, [axis]: sign * rest, [opposite]: 0 })
        }
      }
    }
  }
  return left
}
