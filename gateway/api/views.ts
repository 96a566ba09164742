/** Read models as JSON: instants as RFC 3339 in UTC, runs of quarter-hours as [start, end). Nothing is added or judged. */
import type { Static } from 'typebox'
import type { CommandStatus } from '../../projections/commands/query.ts'
import type { MarketOutcomeItem, RequestOutcomeItem, ValidatedOutcomeItem } from '../../projections/outcomes/query.ts'
import type { DeclaredUnavailability } from '../../projections/places/query.ts'
import type { PlaceOfPod, Pod, PodSummary } from '../../projections/pods/query.ts'
import type { FlexibilityRequest, Offer } from '../../projections/services/query.ts'
import type { Session } from '../../projections/sessions/query.ts'
import { MTU_MS } from '../validation.ts'
import type * as schema from './read-schemas.ts'

/** Texts kept: the quarter-hours of some days, which a full outcome names 100,000 times. */
const timesKept = 1_000
const times = new Map<number, string>()

export const time = (ms: number): string => {
  const known = times.get(ms)
  if (known !== undefined) return known
  const text = new Date(ms).toISOString()
  if (ms % MTU_MS !== 0) return text
  if (times.size >= timesKept) times.clear()
  times.set(ms, text)
  return text
}
const timeOrNull = (ms: number | null): string | null => (ms === null ? null : time(ms))

const interval = <Run extends { readonly start: number; readonly mtus: number }>({ start, mtus, ...rest }: Run) => ({
  start: time(start),
  end: time(start + mtus * MTU_MS),
  ...rest
})

export const podSummaryView = ({
  position: _,
  registeredAt,
  ...rest
}: PodSummary): Static<typeof schema.PodSummaryView> => ({
  ...rest,
  registeredAt: time(registeredAt),
  record: { ...rest.record, services: [...rest.record.services] }
})

export const podView = ({ powerBaselineCurves, ...rest }: Pod): Static<typeof schema.PodView> => ({
  ...podSummaryView(rest),
  powerBaselineCurves: powerBaselineCurves && {
    workday: [...powerBaselineCurves.workday],
    saturday: [...powerBaselineCurves.saturday],
    holiday: [...powerBaselineCurves.holiday]
  }
})

export const unavailabilityView = ({
  position: _,
  start,
  end,
  declaredAt,
  ...rest
}: DeclaredUnavailability): Static<typeof schema.UnavailabilityView> => ({
  ...rest,
  start: time(start),
  end: time(end),
  declaredAt: time(declaredAt)
})

export const placeView = ({ position: _, from, ...rest }: PlaceOfPod): Static<typeof schema.PlaceView> => ({
  from: time(from),
  ...rest
})

export const sessionView = (session: Session): Static<typeof schema.SessionView> => {
  const { position: _, start, mtus, definitiveStart, definitiveMtus, rules, ...rest } = session
  return {
    ...rest,
    ...interval({ start, mtus }),
    definitiveStart: time(definitiveStart),
    definitiveEnd: time(definitiveStart + definitiveMtus * MTU_MS),
    opensAt: time(rest.opensAt),
    closesAt: time(rest.closesAt),
    validationEndsAt: time(rest.validationEndsAt),
    clearedAt: timeOrNull(rest.clearedAt),
    finalisedAt: timeOrNull(rest.finalisedAt),
    rules: { ...rules, objectives: [...rules.objectives], objectiveWeights: [...rules.objectiveWeights] }
  }
}

export const offerView = ({
  position: _,
  kind,
  intervals,
  block,
  ...rest
}: Offer): Static<typeof schema.OfferView> => ({
  ...rest,
  unit: unit(rest.unit),
  type: kind,
  start: time(rest.start),
  end: time(rest.end),
  placedAt: time(rest.placedAt),
  intervals: intervals.map(one => ({ ...interval(one), steps: [...one.steps] })),
  block: block && { ...block, earliestStart: time(block.earliestStart), latestEnd: time(block.latestEnd) }
})

export const requestView = ({ position: _, ...rest }: FlexibilityRequest): Static<typeof schema.RequestView> => ({
  ...rest,
  pods: [...rest.pods],
  profile: rest.profile.map(interval),
  placedAt: time(rest.placedAt)
})

const unit = ({ id, pods }: { readonly id: string; readonly pods: readonly string[] }) => ({ id, pods: [...pods] })

type Market = Static<typeof schema.MarketOutcomeView>
type Validated = Static<typeof schema.ValidatedOutcomeView>

/** Of an outcome, what stands before and after its allocations, which outcome-page.ts writes. */
export const marketOutcomeParts = ({ position: _, allocations, verdicts, ...rest }: MarketOutcomeItem) => {
  const before: Omit<Market, 'allocations' | 'verdicts'> = { ...rest, unit: unit(rest.unit) }
  const after: Pick<Market, 'verdicts'> = { verdicts: verdicts?.map(interval) ?? null }
  return { before, allocations, after }
}

export const validatedOutcomeParts = ({ position: _, allocations, ...rest }: ValidatedOutcomeItem) => {
  const before: Omit<Validated, 'allocations'> = { ...rest, unit: unit(rest.unit) }
  return { before, allocations }
}

export const requestOutcomeView = (item: RequestOutcomeItem): Static<typeof schema.RequestOutcomeView> => {
  const { position: _, served, residual, prices, ...rest } = item
  return { ...rest, served: served.map(interval), residual: residual.map(interval), prices: prices.map(interval) }
}

export const commandView = ({ position: _, ...rest }: CommandStatus): Static<typeof schema.CommandView> => ({
  ...rest,
  decidedAt: time(rest.decidedAt),
  events: [...rest.events],
  reasons: [...rest.reasons]
})
