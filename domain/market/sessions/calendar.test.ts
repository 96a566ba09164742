import t from 'tap'
import { addDays, deliveryDay, localInstant, mtusOf, runEnd } from '../../units/time.ts'
import { calendars, planSessions } from './calendar.ts'

const rome = 'Europe/Rome'
const utc = (text: string): number => Date.parse(text)

t.test('T-01, TM-02, TM-04: the day-ahead session collects from 12:00 to 16:00 on the day before', async t => {
  const [da] = planSessions(calendars.platone, '2026-01-15', rome)
  t.match(da, {
    label: 'DA',
    mtus: 96,
    opensAt: utc('2026-01-14T11:00:00Z'),
    closesAt: utc('2026-01-14T15:00:00Z'),
    validationEndsAt: utc('2026-01-14T18:30:00Z'),
    start: utc('2026-01-14T23:00:00Z')
  })
})

t.test(
  'MP-SES-01, TM-01, TM-03: six real-time sessions of 16 MTU cover the whole day without gap or overlap',
  async t => {
    const [, ...rt] = planSessions(calendars.platone, '2026-01-15', rome)
    t.same(
      rt.map(({ mtus }) => mtus),
      [16, 16, 16, 16, 16, 16]
    )
    const day = deliveryDay('2026-01-15', rome)
    t.equal(rt[0]?.start, day.start)
    rt.forEach((session, n) => {
      t.equal(runEnd(session), rt[n + 1]?.start ?? day.end)
    })
    t.equal(rt[0]?.opensAt, utc('2026-01-14T19:30:00Z'), 'the first opens at 20:30, after day-ahead is final')
  }
)

t.test('T-03: the block with the clock change has 12 or 20 MTUs, and the day 92 or 100', async t => {
  const spring = planSessions(calendars.platone, '2026-03-29', rome)
  t.same(
    spring.map(({ mtus }) => mtus),
    [92, 12, 16, 16, 16, 16, 16]
  )
  const autumn = planSessions(calendars.platone, '2026-10-25', rome)
  t.same(
    autumn.map(({ mtus }) => mtus),
    [100, 20, 16, 16, 16, 16, 16]
  )
  t.equal(mtusOf(deliveryDay('2026-03-29', rome)), 92)
})

t.test(
  'T-02, BF-LFP-01, TM-21: the BeFlexible profile fixes four hours in each of six sessions and previews the rest of the day',
  async t => {
    const sessions = planSessions(calendars.beflexible, '2026-01-15', rome)
    t.same(
      sessions.map(({ label }) => label),
      ['LFP1', 'LFP2', 'LFP3', 'LFP4', 'LFP5', 'LFP6']
    )
    t.same(
      sessions.map(({ mtus }) => mtus),
      [96, 80, 64, 48, 32, 16]
    )
    t.same(
      sessions.map(({ definitiveMtus }) => definitiveMtus),
      [16, 16, 16, 16, 16, 16]
    )
    sessions.forEach((session, n) => {
      const definitive = { start: session.definitiveStart, mtus: session.definitiveMtus }
      t.equal(runEnd(definitive), sessions[n + 1]?.definitiveStart ?? runEnd(session))
    })
  }
)

t.test(
  'every session of every day of a year opens, closes and ends its validation in this order, before delivery',
  async t => {
    for (const calendar of Object.values(calendars))
      for (let n = 0, date = '2026-01-01'; n < 365; n++, date = addDays(date, 1))
        for (const plan of planSessions(calendar, date, rome))
          if (
            !(
              plan.opensAt < plan.closesAt &&
              plan.closesAt < plan.validationEndsAt &&
              plan.validationEndsAt < plan.definitiveStart
            )
          )
            t.fail(`${calendar.name} ${date} ${plan.label}`)
    t.pass('in order')
  }
)

t.test('a local time that the clock skips is read with the offset before the change', async t => {
  t.equal(localInstant('2026-03-29', 2, 30, rome), utc('2026-03-29T01:30:00Z'))
})
