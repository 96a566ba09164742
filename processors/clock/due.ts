/**
 * What the clock owes the market at an instant: which sessions of which PoMs to open, to close, or to stop waiting for.
 * Pure, so that a calendar of years can be tried in a moment. A session whose gate has passed before it could be
 * opened is skipped: nobody could have offered into it.
 */
import { type Calendar, type PlannedSession, planSessions } from '../../domain/market/sessions/calendar.ts'
import { sessionId } from '../../domain/units/ids.ts'
import { addDays, localDate } from '../../domain/units/time.ts'

export type SessionStatus = 'open' | 'cleared' | 'final'

export interface Due {
  readonly action: 'open' | 'close' | 'end-validation'
  readonly at: number
  readonly pom: string
  readonly sessionId: string
  readonly plan: PlannedSession
}

export interface ClockKnowledge {
  readonly poms: ReadonlySet<string>
  readonly sessions: ReadonlyMap<string, SessionStatus>
}

/** Plans of delivery days by date: worked out once, as local time takes milliseconds that a gate should not wait for. */
export type KnownPlans = Map<string, readonly PlannedSession[]>

/** Delivery days that can have something due: from the running one to the one after tomorrow. Only these stay in `known`. */
export const plansAround = (
  now: number,
  calendar: Calendar,
  zone: string,
  known: KnownPlans = new Map()
): readonly PlannedSession[] => {
  const today = localDate(now, zone)
  const dates = [-1, 0, 1, 2].map(days => addDays(today, days))
  for (const date of known.keys()) if (!dates.includes(date)) known.delete(date)
  return dates.flatMap(date => {
    const plans = known.get(date) ?? planSessions(calendar, date, zone)
    known.set(date, plans)
    return plans
  })
}

/** Everything that is due at `now` and not done, in the order of its time, then of session and PoM. */
export const dueAt = (now: number, plans: readonly PlannedSession[], known: ClockKnowledge): readonly Due[] => {
  const due: Due[] = []
  const poms = [...known.poms].sort()
  for (const plan of plans)
    for (const pom of poms) {
      const id = sessionId(plan.deliveryDate, plan.label, pom)
      const status = known.sessions.get(id)
      const next = (action: Due['action'], at: number) => {
        if (at <= now) due.push({ action, at, pom, sessionId: id, plan })
      }
      if (status === undefined && now < plan.closesAt) next('open', plan.opensAt)
      if (status === 'open') next('close', plan.closesAt)
      if (status === 'cleared') next('end-validation', plan.validationEndsAt)
    }
  return due.sort((a, b) => a.at - b.at || compare(a.sessionId, b.sessionId))
}

/** The next instant at which anything can become due. */
export const nextInstant = (now: number, plans: readonly PlannedSession[]): number => {
  let next = Number.POSITIVE_INFINITY
  for (const { opensAt, closesAt, validationEndsAt } of plans)
    for (const at of [opensAt, closesAt, validationEndsAt]) if (at > now && at < next) next = at
  return next
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
