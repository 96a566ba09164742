import fc from 'fast-check'
import t from 'tap'
import { type CalendarName, calendars, planSessions } from '../../domain/market/sessions/calendar.ts'
import { type ClockKnowledge, dueAt, type KnownPlans, nextInstant, plansAround, type SessionStatus } from './due.ts'

const runs = {
  numRuns: Number(process.env['FC_RUNS'] ?? 50),
  ...(process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {})
}
const zone = 'Europe/Rome'
const poms = new Set(['ROMA-1', 'ROMA-2'])
const days = new Map<string, ReturnType<typeof planSessions>>()
const dayOf = (date: string, name: CalendarName): ReturnType<typeof planSessions> => {
  const plans = days.get(`${name} ${date}`) ?? planSessions(calendars[name], date, zone)
  days.set(`${name} ${date}`, plans)
  return plans
}

/** Plans change with the local day, and an hour lies within one. */
const known = new Map<string, ReturnType<typeof plansAround>>()
const plansAt = (now: number, name: CalendarName): ReturnType<typeof plansAround> => {
  const key = `${name} ${Math.floor(now / 3_600_000)}`
  const plans = known.get(key) ?? plansAround(now, calendars[name], zone)
  known.set(key, plans)
  return plans
}
const after: Readonly<Record<string, SessionStatus>> = { open: 'open', close: 'cleared', 'end-validation': 'final' }

/** Does what is due at each instant; what was done, in its order. */
const played = (
  name: CalendarName,
  instants: Iterable<number>
): readonly { action: string; id: string; at: number }[] => {
  const sessions = new Map<string, SessionStatus>()
  const done: { action: string; id: string; at: number }[] = []
  for (const now of instants) {
    const plans = plansAt(now, name)
    for (;;) {
      const due = dueAt(now, plans, { poms, sessions } satisfies ClockKnowledge)
      if (due.length === 0) break
      for (const { action, sessionId } of due) {
        sessions.set(sessionId, after[action]!)
        done.push({ action, id: sessionId, at: now })
      }
    }
  }
  return done
}

function* stepping(from: number, to: number, name: CalendarName): Generator<number> {
  for (let now = from; now < to; ) {
    yield now
    now = nextInstant(now, plansAt(now, name))
  }
}

t.test(
  'T-MP-02, FR_MP_I_1.d, T-01: each session of each substation opens, closes and ends at its times, once',
  async t => {
    for (const name of ['platone', 'beflexible'] as const) {
      // Over the night in which clocks are put back.
      const done = played(name, stepping(Date.parse('2026-10-23T00:00Z'), Date.parse('2026-10-27T00:00Z'), name))
      for (const date of ['2026-10-25', '2026-10-26'])
        for (const plan of planSessions(calendars[name], date, zone))
          for (const pom of poms) {
            const id = `${date}.${plan.label}.${pom}`
            t.strictSame(
              done.filter(one => one.id === id).map(({ action, at }) => ({ action, at })),
              [
                { action: 'open', at: plan.opensAt },
                { action: 'close', at: plan.closesAt },
                { action: 'end-validation', at: plan.validationEndsAt }
              ],
              id
            )
          }
    }
  }
)

t.test(
  'a clock that was away at any times opens nothing after its gate, and finishes in order what it opened',
  async t => {
    const from = Date.parse('2026-03-27T00:00Z')
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4 * 86_400 }), { minLength: 1, maxLength: 60 }),
        fc.constantFrom<CalendarName>('platone', 'beflexible'),
        (seconds, name) => {
          const instants = seconds.toSorted((a, b) => a - b).map(second => from + second * 1_000)
          const done = played(name, instants)
          const byId = Map.groupBy(done, ({ id }) => id)
          for (const [id, steps] of byId) {
            const [date = '', label = ''] = id.split('.')
            const plan = dayOf(date, name).find(one => one.label === label)!
            const expected = ['open', 'close', 'end-validation'].slice(0, steps.length)
            if (steps.map(({ action }) => action).join() !== expected.join()) return false
            if (steps[0]!.at < plan.opensAt || steps[0]!.at >= plan.closesAt) return false
          }
          return true
        }
      ),
      runs
    )
    t.pass('each session went through its states in order')
  }
)

t.test('T-01: plans that are known are taken as they are, and days that are over are forgotten', async t => {
  const known: KnownPlans = new Map()
  const noon = Date.parse('2026-03-28T11:00:00Z')
  const plans = plansAround(noon, calendars.platone, zone, known)
  t.strictSame(plans, plansAround(noon, calendars.platone, zone))
  t.strictSame([...known.keys()], ['2026-03-27', '2026-03-28', '2026-03-29', '2026-03-30'])
  const again = plansAround(noon + 3_600_000, calendars.platone, zone, known)
  t.ok(again.every((plan, n) => plan === plans[n]))
  const tomorrow = plansAround(noon + 86_400_000, calendars.platone, zone, known)
  t.strictSame(tomorrow, plansAround(noon + 86_400_000, calendars.platone, zone))
  t.strictSame([...known.keys()].sort(), ['2026-03-28', '2026-03-29', '2026-03-30', '2026-03-31'])
})
