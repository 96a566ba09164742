/**
 * Which sessions a delivery day has and when they open and close: data, not code (T-01, T-02). Delivery windows are by the
 * local clock, so on a day with a clock change one block has 12 or 20 MTUs (T-03); gate times before a block are counted
 * back from its first instant.
 */
import { addDays, deliveryDay, localInstant, mtusOf } from '../../units/time.ts'

export type CalendarName = 'platone' | 'beflexible'

type Moment =
  /** Local clock time on a day relative to the delivery day. */
  | { readonly day: number; readonly hour: number; readonly minute: number }
  /** Minutes before the first definitive MTU. */
  | { readonly minutesBefore: number }

export interface SessionPlan {
  /** Part of the session id. */
  readonly label: string
  readonly marketType: 'dayAhead' | 'realTime'
  /** Order within the day, 0 = first. */
  readonly number: number
  /** Delivery window, local hours [from, to). */
  readonly window: readonly [from: number, to: number]
  /** The part of the window whose result is definitive; the rest is a preview (BF-LFP-01). */
  readonly definitive: readonly [from: number, to: number]
  readonly opens: Moment
  readonly closes: Moment
  readonly validationEnds: Moment
}

export interface Calendar {
  readonly name: CalendarName
  /** T-14: default of this profile. */
  readonly exclusivePerPod: boolean
  readonly sessions: readonly SessionPlan[]
}

const dayAhead = {
  opens: { day: -1, hour: 12, minute: 0 },
  closes: { day: -1, hour: 16, minute: 0 },
  validationEnds: { day: -1, hour: 19, minute: 30 }
} as const

const beforeBlock = {
  opens: { minutesBefore: 210 },
  closes: { minutesBefore: 90 },
  validationEnds: { minutesBefore: 30 }
} as const

export const calendars: Readonly<Record<CalendarName, Calendar>> = {
  platone: {
    name: 'platone',
    exclusivePerPod: false,
    sessions: [
      { label: 'DA', marketType: 'dayAhead', number: 0, window: [0, 24], definitive: [0, 24], ...dayAhead },
      { label: 'RT1', marketType: 'realTime', number: 1, window: [0, 4], definitive: [0, 4], ...beforeBlock },
      { label: 'RT2', marketType: 'realTime', number: 2, window: [4, 8], definitive: [4, 8], ...beforeBlock },
      { label: 'RT3', marketType: 'realTime', number: 3, window: [8, 12], definitive: [8, 12], ...beforeBlock },
      { label: 'RT4', marketType: 'realTime', number: 4, window: [12, 16], definitive: [12, 16], ...beforeBlock },
      { label: 'RT5', marketType: 'realTime', number: 5, window: [16, 20], definitive: [16, 20], ...beforeBlock },
      { label: 'RT6', marketType: 'realTime', number: 6, window: [20, 24], definitive: [20, 24], ...beforeBlock }
    ]
  },
  beflexible: {
    name: 'beflexible',
    exclusivePerPod: true,
    sessions: [
      { label: 'LFP1', marketType: 'dayAhead', number: 0, window: [0, 24], definitive: [0, 4], ...dayAhead },
      { label: 'LFP2', marketType: 'realTime', number: 1, window: [4, 24], definitive: [4, 8], ...beforeBlock },
      { label: 'LFP3', marketType: 'realTime', number: 2, window: [8, 24], definitive: [8, 12], ...beforeBlock },
      { label: 'LFP4', marketType: 'realTime', number: 3, window: [12, 24], definitive: [12, 16], ...beforeBlock },
      { label: 'LFP5', marketType: 'realTime', number: 4, window: [16, 24], definitive: [16, 20], ...beforeBlock },
      { label: 'LFP6', marketType: 'realTime', number: 5, window: [20, 24], definitive: [20, 24], ...beforeBlock }
    ]
  }
}

/** A session of one delivery day; instants in ms. */
export interface PlannedSession {
  readonly label: string
  readonly marketType: 'dayAhead' | 'realTime'
  readonly number: number
  readonly deliveryDate: string
  readonly start: number
  readonly mtus: number
  readonly definitiveStart: number
  readonly definitiveMtus: number
  readonly opensAt: number
  readonly closesAt: number
  readonly validationEndsAt: number
}

/** The sessions of a delivery day, in their order. */
export const planSessions = (calendar: Calendar, date: string, zone: string): readonly PlannedSession[] =>
  calendar.sessions.map(plan => {
    const window = hours(plan.window, date, zone)
    const definitive = hours(plan.definitive, date, zone)
    const at = (moment: Moment): number =>
      'minutesBefore' in moment
        ? definitive.start - moment.minutesBefore * 60_000
        : localInstant(addDays(date, moment.day), moment.hour, moment.minute, zone)
    return {
      label: plan.label,
      marketType: plan.marketType,
      number: plan.number,
      deliveryDate: date,
      start: window.start,
      mtus: mtusOf(window),
      definitiveStart: definitive.start,
      definitiveMtus: mtusOf(definitive),
      opensAt: at(plan.opens),
      closesAt: at(plan.closes),
      validationEndsAt: at(plan.validationEnds)
    }
  })

const hours = ([from, to]: readonly [number, number], date: string, zone: string) => {
  const day = deliveryDay(date, zone)
  return {
    start: from === 0 ? day.start : localInstant(date, from, 0, zone),
    end: to === 24 ? day.end : localInstant(date, to, 0, zone)
  }
}
