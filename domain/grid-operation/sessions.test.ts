import t from 'tap'
import type { GridCommand, NoteClearedService, RequestMode, SlotSummary } from '../../schemas/generated.ts'
import {
  after,
  areti,
  at,
  codes,
  dayAhead,
  importing,
  of,
  pod,
  pom,
  realTime,
  stranger,
  switching,
  village
} from './grid-operation.fixtures.ts'

const { sessionId } = dayAhead
const marketOutcomeId = `${sessionId}.MO`

/** CABLE-1 carries 70 kW in the evening, and may carry 67 kW; POD-1 can give 10 kW. */
const begun: readonly GridCommand[] = [...importing(), pod('POD-1'), pod('POD-2')]

const cleared = (code: string, changes: Partial<NoteClearedService> = {}): NoteClearedService => ({
  type: 'NoteClearedService',
  pom,
  sessionId,
  marketOutcomeId,
  offerId: `OFFER-${code}`,
  aggregatorId: 'ACEAE',
  unit: { id: code, pods: [code] },
  quantity: 'P',
  direction: 'UP',
  rank: 1,
  profile: [{ start: at(18), mtus: 8, quantity: 8_000 }],
  carriedFrom: null,
  ...changes
})

const judge = (services: number): GridCommand => ({
  type: 'ValidateServices',
  pom,
  sessionId,
  marketOutcomeId,
  services
})

const validated = ({
  type: _,
  marketOutcomeId: __,
  carriedFrom: ___,
  ...service
}: NoteClearedService): GridCommand => ({
  type: 'NoteValidatedService',
  ...service
})

const final = (status: 'validated' | 'notValidated'): GridCommand => ({
  type: 'NoteFinalOutcome',
  pom,
  sessionId,
  status
})

const asked = (requests: RequestMode): GridCommand => ({ ...dayAhead, requests })

t.test('DTP-PF-05, DTP-PF-08, FR_DTP_ROF_3: a cable that the evening overloads is an alarm and a request', async t => {
  const { events } = after(...begun, dayAhead)
  const [assessed] = of(events, 'GridAssessed')
  t.match(assessed, { stage: 'forecast', networkVersion: 1, violatedSlots: 8, divergedSlots: 0, unresolved: 0 })
  t.strictSame(assessed?.basis, { registered: 0, learned: 0, weather: 0, profiled: 3, constant: 0, withoutBus: 0 })
  t.equal(assessed?.slots.length, 96)
  t.match(of(events, 'AlarmRaised'), [
    {
      kind: 'lineOverload',
      element: 'CABLE-1',
      limit: 100,
      values: [{ start: at(18), mtus: 8 }],
      helpful: [{ quantity: 'P', direction: 'UP', total: 10_000, pods: ['POD-1'], podCount: 1 }]
    }
  ])
  const requests = of(events, 'FlexibilityRequested')
  t.match(requests, [
    { level: 'secondarySubstation', location: 'SS-1', pods: ['POD-1'], quantity: 'P', direction: 'UP', dsoId: 'ARETI' }
  ])
  t.strictSame(
    of(events, 'SeriesForecast').map(({ series, p }) => [series, p[0], p[72]]),
    [
      ['SS-1', 28_000, 70_000],
      ['SS-2', 8_000, 20_000]
    ]
  )
})

const limit = { id: null, minPu: null, maxPu: null, percent: null }

t.test('T-71: a session is assessed, judged and closed with the limits that came with the network', async t => {
  const generous = [{ ...limit, of: 'line', id: 'CABLE-1', percent: 120 }] as const
  const tight = [
    { ...limit, of: 'loading', percent: 60 },
    { ...limit, of: 'transformer', id: 'T-1', percent: 100 }
  ] as const
  const withLimits = (limits: Parameters<typeof village>[0]) => [
    ...importing(village(limits)),
    pod('POD-1'),
    pod('POD-2')
  ]

  const calm = after(...withLimits({ limits: generous }), dayAhead).events
  t.match(of(calm, 'GridAssessed'), [{ violatedSlots: 0, alarms: 0 }])
  const strict = after(...withLimits({ limits: tight }), dayAhead).events
  t.strictSame(
    of(strict, 'AlarmRaised').map(({ element, limit: most }) => [element, most]),
    [['CABLE-1', 60]]
  )
  const switched = after(...withLimits({ limits: generous }), switching(true, ['S-TIE', true]), dayAhead).events
  t.match(of(switched, 'GridAssessed'), [{ networkVersion: 2, violatedSlots: 0 }], 'switching keeps them')

  const offered = cleared('POD-1', { direction: 'DOWN', profile: [{ start: at(18), mtus: 8, quantity: 5_000 }] })
  const sold = (limits: Parameters<typeof village>[0]) => [...withLimits(limits), dayAhead, offered] as const
  t.strictSame(of(after(...sold({ limits: generous }), judge(1)).events, 'ServiceVerdictGiven'), [], 'nothing is cut')
  t.match(of(after(...sold({}), judge(1)).events, 'ServiceVerdictGiven'), [{ offerId: 'OFFER-POD-1' }])
  const closed = after(...sold({ limits: generous }), judge(1), validated(offered), final('validated')).events
  t.match(of(closed, 'GridAssessed'), [{ stage: 'validated', violatedSlots: 0 }])
})

t.test('DTP-ROF-01: without a violation nothing is asked for', async t => {
  const loads = village().loads.map(load => ({ ...load, p_kW: 5 }))
  const { events } = after(...importing(village({ loads })), pod('POD-1'), dayAhead)
  t.match(of(events, 'GridAssessed'), [{ violatedSlots: 0, alarms: 0, requests: 0 }])
  t.strictSame(of(events, 'FlexibilityRequested'), [])
})

t.test('DTP-PF-07: the baseline of a registered PoD stands in the place of the profile', async t => {
  const workday = Array.from({ length: 96 }, () => ({ p: 1_000, q: 0 }))
  const known = pod('POD-1', { powerBaselineCurves: { workday, saturday: [], holiday: [] } })
  const { events } = after(...importing(), known, dayAhead)
  t.match(of(events, 'GridAssessed'), [{ violatedSlots: 0, basis: { registered: 1, profiled: 2 } }])
  t.equal(of(events, 'SeriesForecast')[0]?.p[72], 41_000)
})

t.test('a grid without a solution is an alarm, and no request has wrong numbers', async t => {
  const loads = village().loads.map(load => ({ ...load, p_kW: load.p_kW * 100 }))
  const { state, events } = after(...importing(village({ loads })), pod('POD-1'), dayAhead)
  const [assessed] = of(events, 'GridAssessed')
  t.equal(assessed?.divergedSlots, 96)
  t.ok(assessed?.slots.every((slot: SlotSummary) => slot.minVoltagePu === null && slot.status !== 'converged'))
  t.ok(of(events, 'AlarmRaised').every(({ kind }) => kind === 'noSolution'))
  t.strictSame(of(events, 'FlexibilityRequested'), [])
  t.ok(state.poms.get(pom)?.sessions.has(sessionId))
  const judged = after(...importing(village({ loads })), pod('POD-1'), dayAhead, cleared('POD-1'), judge(1))
  t.match(of(judged.events, 'ServiceVerdictGiven'), [{ verdicts: [{ verdict: 'KO', mtus: 8 }], reason: /no solution/ }])
  t.match(of(judged.events, 'TechnicalValidationDone'), [{ curtailed: 1, curtailedWattMtus: 64_000 }])
})

t.test(
  'T-86: in approval mode a request waits for an operator, who sends or drops it; the gate drops the rest',
  async t => {
    const waiting = after(...begun, asked('approval'))
    const [proposal] = of(waiting.events, 'RequestProposed')
    t.strictSame(of(waiting.events, 'FlexibilityRequested'), [])
    const choice = { pom, sessionId, by: areti, requestIds: [] }
    const approved = after(...begun, asked('approval'), { type: 'ApproveRequests', ...choice })
    t.strictSame(approved.events, [{ ...proposal, type: 'FlexibilityRequested' }])
    const again = { type: 'ApproveRequests', ...choice } as const
    t.strictSame(codes(after(...begun, asked('approval'), again, again).events), ['unknown-proposal'])
    t.strictSame(codes(after(...begun, asked('approval'), { ...again, by: stranger }).events), ['foreign-actor'])
    t.strictSame(codes(after(...begun, again).events), ['unknown-session'])
    const rejected = after(...begun, asked('approval'), { type: 'RejectRequests', ...choice })
    t.match(rejected.events, [{ type: 'ProposalDropped', requestId: proposal?.requestId, by: areti }])
    const closed = after(...begun, asked('approval'), judge(0))
    t.match(closed.events, [{ type: 'ProposalDropped', by: null }, { type: 'GridFactPassedOver' }])
  }
)

t.test('DTP-ATV-03: what breaks no limit is accepted, what would is cut', async t => {
  const helpful = after(...begun, dayAhead, cleared('POD-1'), judge(1))
  t.match(helpful.events, [{ type: 'TechnicalValidationDone', services: 1, curtailed: 0, residualViolations: 0 }])
  const harmful = cleared('POD-1', { direction: 'DOWN', profile: [{ start: at(18), mtus: 8, quantity: 5_000 }] })
  const { events } = after(...begun, dayAhead, harmful, judge(1))
  t.match(of(events, 'ServiceVerdictGiven'), [{ offerId: 'OFFER-POD-1', verdicts: [{ start: at(18), mtus: 8 }] }])
  t.match(of(events, 'TechnicalValidationDone'), [{ services: 1, curtailed: 1 }])
})

t.test('T-39, DTP-PF-07: the final outcome is calculated, and real time builds on it', async t => {
  const day = [...begun, dayAhead, cleared('POD-1'), judge(1)]
  const done = after(...day, validated(cleared('POD-1')), final('validated'))
  t.match(of(done.events, 'FinalOutcomeNoted'), [{ validatedWattMtus: 64_000, againstVerdicts: 0 }])
  t.match(of(done.events, 'GridAssessed'), [{ stage: 'validated', violatedSlots: 0, unresolved: 0 }])
  const later = after(...day, validated(cleared('POD-1')), final('validated'), realTime)
  t.match(of(later.events, 'GridAssessed'), [{ violatedSlots: 0, requests: 0 }])
  t.equal(of(later.events, 'GridAssessed')[0]?.slots.length, 16)

  const lost = after(...day, final('notValidated'), realTime)
  t.match(of(lost.events, 'GridAssessed'), [{ violatedSlots: 8 }], 'T-05: nothing new was activated')
  t.equal(
    of(lost.events, 'FlexibilityRequested')[0]?.requestId,
    of(after(...begun, dayAhead).events, 'FlexibilityRequested')[0]?.requestId,
    'the same need has the same id, and so is not asked for twice'
  )
})

t.test('a final outcome above the verdict is counted', async t => {
  const harmful = cleared('POD-1', { direction: 'DOWN', profile: [{ start: at(18), mtus: 8, quantity: 5_000 }] })
  const { events } = after(...begun, dayAhead, harmful, judge(1), validated(harmful), final('validated'))
  t.match(of(events, 'FinalOutcomeNoted'), [{ againstVerdicts: 1 }])
})

t.test(
  'SYS-08: without a network every fact is passed over, and so is what a later network knows nothing of',
  async t => {
    for (const command of [dayAhead, cleared('POD-1'), judge(1), validated(cleared('POD-1')), final('validated')])
      t.match(after(pod('POD-1'), command).events, [{ type: 'GridFactPassedOver' }], command.type)
    t.match(after(dayAhead, ...importing(), cleared('POD-1')).events, [{ reason: 'sessionNotAssessed' }])
    t.match(after(...begun, dayAhead, dayAhead).events, [{ reason: 'knownBefore' }])
  }
)

t.test('a session is judged with the network that holds then', async t => {
  const { events } = after(...begun, dayAhead, switching(false, ['S-2', false], ['S-TIE', true]), final('validated'))
  t.match(of(events, 'GridAssessed'), [{ networkVersion: 2 }])
})

t.test('T-51: while the network is switched for now, a request names a place that the market knows', async t => {
  const overloaded = village({
    lines: village().lines.map(one => (one.id === 'FEEDER 1' ? { ...one, max_A: 2.5 } : one))
  })
  const moved = [
    ...importing(overloaded),
    pod('POD-1'),
    pod('POD-2'),
    switching(false, ['S-2', false], ['S-TIE', true])
  ]
  const requests = of(after(...moved, dayAhead).events, 'FlexibilityRequested')
  t.ok(requests.length > 0)
  for (const { level, location, pods } of requests)
    t.ok(
      level === 'primarySubstation' ? location === pom : location === `SS-${pods[0]?.slice(-1)}`,
      `${level} ${location}`
    )
})
