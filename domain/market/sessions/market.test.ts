import t from 'tap'
import {
  aBand,
  aBlock,
  acea,
  anOffer,
  aPod,
  aRequest,
  areti,
  aTsoRequest,
  at,
  cleared,
  close,
  codes,
  complete,
  egeo,
  finalised,
  idOf,
  open,
  play,
  pom,
  requestValidated,
  someRules,
  terna,
  validated,
  volume
} from './market.fixtures.ts'

t.test('FR_MP_I_1: an opened session states how many PoDs it rests on and their digest', async t => {
  const one = play(aPod('A'), open('DA')).events[0]
  const two = play(aPod('A'), aPod('B'), open('DA')).events[0]
  t.match(one, { type: 'SessionOpened', podCount: 1, mtus: 96 })
  t.match(two, { type: 'SessionOpened', podCount: 2 })
  t.notSame(one?.type === 'SessionOpened' && one.podDigest, two?.type === 'SessionOpened' && two.podDigest)
})

t.test(
  'FR_MP_FS_1.b, FR-MP-FSM-04, DM-MPSVC: an offer in an open session of a known PoD is placed with a player service id',
  async t => {
    const { events } = play(aPod('A'), open('DA'), anOffer('A'))
    t.match(events, [
      { type: 'OfferPlaced', playerServiceId: 'ACEAE::A::dayAhead::2026-01-15T00:00:00.000+01:00', placedAt: 3_000 }
    ])
  }
)

t.test('FR_MP_FS_1.d: what comes after the gate is refused as late', async t => {
  t.same(codes(play(aPod('A'), open('DA'), close(), anOffer('A')).events), ['session-not-open'])
  t.same(codes(play(aPod('A'), open('DA'), close(), aRequest()).events), ['session-not-open'])
  t.same(codes(play(aPod('A'), anOffer('A')).events), ['unknown-session'])
})

t.test('FR_MP_FS_1.d: a refusal says when the gate was due, or which sessions are open', async t => {
  const detail = (...commands: Parameters<typeof play>) => {
    const [event] = play(...commands).events
    return event?.type === 'MarketCommandRefused' ? event.reasons[0]?.detail : undefined
  }
  t.equal(
    detail(aPod('A'), open('DA'), close(), anOffer('A')),
    `The gate of ${idOf('DA')} was due at 2026-01-14T16:00:00.000+01:00.`
  )
  t.equal(
    detail(aPod('A'), open('DA'), anOffer('A', { sessionId: idOf('RT1') })),
    `There is no session ${idOf('RT1')} of this point of measure. Open now: ${idOf('DA')}.`
  )
  t.match(detail(aPod('A'), anOffer('A')), /None is open\.$/)
})

t.test('MP-OFF-02: a second offer of the same id is refused, and a replacement takes its place', async t => {
  t.same(codes(play(aPod('A'), open('DA'), anOffer('A'), anOffer('A')).events), ['duplicate-offer-id'])
  t.same(codes(play(aPod('A'), open('DA'), anOffer('A', { replaces: true })).events), ['unknown-offer'])
  const { state } = play(aPod('A'), open('DA'), anOffer('A'), anOffer('A', { replaces: true, direction: 'DOWN' }))
  const session = state.poms.get(pom)?.sessions.get(idOf('DA'))
  t.same(
    [...(session?.offers.values() ?? [])].map(({ direction }) => direction),
    ['DOWN']
  )
})

t.test('an offer for a foreign, unknown or twice used PoD is refused with every reason', async t => {
  const pods = [aPod('A'), aPod('B', { aggregatorId: egeo.id })]
  t.same(codes(play(...pods, open('DA'), anOffer('B')).events), ['foreign-actor'])
  t.same(codes(play(...pods, open('DA'), anOffer('X')).events), ['unknown-pod'])
  t.same(codes(play(...pods, open('DA'), anOffer('A', { by: areti })).events), ['wrong-role', 'foreign-actor'])
  const { events } = play(
    aPod('A'),
    aPod('C'),
    open('DA'),
    anOffer('A'),
    anOffer('C', { unit: { id: 'AGG', pods: ['A', 'C'] } })
  )
  t.same(codes(events), ['pod-in-other-unit'])
})

t.test(
  'an offer above the registered band, below the minimum bid or with wrong curves is refused with every reason',
  async t => {
    const bad = anOffer('A', {
      intervals: [
        { start: at(40), mtus: 4, steps: [{ quantity: 6_000, price: 1 }], minAcceptance: 7_000 },
        { start: at(43), mtus: 1, steps: [{ quantity: 50, price: -1 }], minAcceptance: 0 },
        { start: at(50) + 1, mtus: 1, steps: [], minAcceptance: 0 },
        { start: at(95), mtus: 2, steps: [{ quantity: 500, price: 60_000_000 }], minAcceptance: 0 }
      ]
    })
    const refused = codes(play(aPod('A'), open('DA'), bad).events)
    for (const code of [
      'above-band',
      'bad-min-acceptance',
      'bad-interval',
      'below-minimum-bid',
      'above-price-limit-max',
      'bad-steps',
      'outside-session'
    ])
      t.ok(refused.includes(code), code)
  }
)

t.test('T-24: the minimum bid is a rule of the session', async t => {
  const offer = anOffer('A', {
    intervals: [{ start: at(0), mtus: 1, steps: [{ quantity: 300, price: 1 }], minAcceptance: 0 }]
  })
  t.same(codes(play(aPod('A'), open('DA'), offer).events), [])
  t.same(codes(play(aPod('A'), open('DA', { rules: someRules({ minimumBid: 301 }) }), offer).events), [
    'below-minimum-bid'
  ])
})

t.test('T-22: a discrete PoD is offered as a whole', async t => {
  const pod = aPod('A', { flexibilityType: 'discrete' })
  t.same(codes(play(pod, open('DA'), anOffer('A')).events), ['discrete-unit'])
  const whole = anOffer('A', {
    intervals: [{ start: at(0), mtus: 1, steps: [{ quantity: 300, price: 1 }], minAcceptance: 300 }]
  })
  t.same(codes(play(pod, open('DA'), whole).events), [])
})

t.test('AP-PR-03: only a service that the PoD is qualified for can be offered', async t => {
  const pod = aPod('A', { services: ['voltage'] })
  t.same(codes(play(pod, open('DA'), anOffer('A', { service: 'congestion' })).events), ['not-qualified'])
  t.same(codes(play(pod, open('DA'), anOffer('A', { service: 'any' })).events), ['not-qualified'])
  t.same(codes(play(pod, open('DA'), anOffer('A', { service: 'voltage' })).events), [])
})

t.test(
  'T-17, MP-OFF-01: a block that does not fit between its bounds, its energy or its session is refused',
  async t => {
    const refused = (changes: Parameters<typeof aBlock>[1]) =>
      codes(play(aPod('A'), open('DA'), aBlock('A', changes)).events)
    t.same(refused({}), [])
    t.same(refused({ latestEnd: at(41) }), ['bad-interval'])
    t.same(refused({ maxEnergyWattMtus: 3_999 }), ['bad-min-acceptance'])
    t.same(refused({ earliestStart: at(90), latestEnd: at(97) }), ['outside-session'])
  }
)

t.test('SYS-13, MP-CLR-05: a DSO request names a place and PoDs below it; a TSO asks at the PoM', async t => {
  const pods = [aPod('A'), aPod('B', { secondarySubstation: 'S2' }), aPod('C', { dsoId: 'OTHER' })]
  const refused = (...commands: Parameters<typeof play>) => codes(play(...pods, open('DA'), ...commands).events)
  t.same(refused(aRequest()), [])
  t.same(refused(aRequest({ pods: ['B'] })), ['pod-not-at-location'])
  t.same(refused(aRequest({ pods: [] })), ['empty'])
  t.same(refused(aRequest({ pods: ['X', 'C'] })), ['unknown-pod', 'foreign-actor'])
  t.same(refused(aRequest({ by: terna })), ['wrong-role', 'foreign-actor'])
  t.same(refused(aTsoRequest()), [])
  t.same(refused(aTsoRequest({ pods: ['A'] })), ['bad-range'])
  t.same(refused(aRequest(), aRequest()), ['duplicate-request-id'])
})

t.test(
  'FR_MP_FS_3.a, FR_MP_FS_3.b, MP-CLR-02, MP-CLR-03: the cheapest offers serve the DSO first and the TSO with what is left',
  async t => {
    const cheap = anOffer('A')
    const dear = anOffer('B', {
      intervals: [{ start: at(40), mtus: 4, steps: [{ quantity: 1_000, price: 300_000 }], minAcceptance: 0 }]
    })
    const { events } = play(
      aPod('A'),
      aPod('B'),
      open('DA'),
      dear,
      cheap,
      aRequest({ pods: ['A', 'B'] }),
      aTsoRequest(),
      close()
    )
    t.same(
      cleared(events, 'A-1')?.allocations.map(({ side, quantity, price }) => [side, quantity, price]),
      [
        ['DSO', 800, 200_000],
        ['TSO', 200, 300_000]
      ]
    )
    t.equal(cleared(events, 'A-1')?.rank, 1)
    t.equal(volume(cleared(events, 'B-1')?.allocations ?? []), 600 * 4)
    t.match(events.at(-1), {
      type: 'MarketCleared',
      gap: 0,
      acceptedOffers: 2,
      dso: { askedWattMtus: 3_200, servedWattMtus: 3_200 }
    })
  }
)

t.test(
  'FR_MP_FS_5.a, FR_MP_FS_5.b: the technical outcome is taken off, prices are those of what is left, and everybody is told',
  async t => {
    const dear = anOffer('B', {
      intervals: [{ start: at(40), mtus: 4, steps: [{ quantity: 1_000, price: 300_000 }], minAcceptance: 0 }]
    })
    const begin = [
      aPod('A'),
      aPod('B'),
      open('DA'),
      anOffer('A'),
      dear,
      aRequest({ pods: ['A', 'B'], profile: [{ start: at(40), mtus: 4, quantity: 1_500 }] }),
      close()
    ]
    const judged = {
      type: 'JudgeService' as const,
      pom,
      sessionId: idOf('DA'),
      marketOutcomeId: `${idOf('DA')}.MO`,
      offerId: 'B-1',
      by: areti,
      verdicts: [
        { start: at(40), mtus: 1, verdict: 'KO' as const, quantity: 0 },
        { start: at(41), mtus: 1, verdict: 'PARTIAL' as const, quantity: 100 }
      ]
    }
    const { events } = play(...begin, judged, complete())
    t.equal(volume(validated(events, 'B-1')?.allocations ?? []), 100 + 500 + 500)
    t.equal(validated(events, 'B-1')?.curtailedWattMtus, 500 + 400)
    t.same(
      requestValidated(events, 'R1')?.residual.map(({ start, quantity }) => [start, quantity]),
      [
        [at(40), 500],
        [at(41), 400]
      ]
    )
    t.same(
      requestValidated(events, 'R1')?.prices.map(({ price, mtus }) => [price, mtus]),
      [
        [200_000, 1],
        [300_000, 3]
      ]
    )
    t.equal(finalised(events)?.status, 'validated')
    t.same(codes(play(...begin, complete(), complete()).events), ['already-final'])
    t.same(codes(play(...begin, { ...judged, by: { role: 'dso', id: 'X' } }).events), [
      'foreign-actor',
      'foreign-actor'
    ])
    t.same(codes(play(...begin, { ...judged, marketOutcomeId: 'other' }).events), ['wrong-outcome'])
    t.same(codes(play(...begin, { ...judged, offerId: 'A-9' }).events), ['unknown-offer'])
  }
)

t.test('what nobody judged counts as the technical outcome says', async t => {
  const begin = [aPod('A'), open('DA'), anOffer('A'), aRequest(), close()]
  t.equal(volume(validated(play(...begin, complete('DA', 'OK')).events, 'A-1')?.allocations ?? []), 3_200)
  t.equal(volume(validated(play(...begin, complete('DA', 'KO')).events, 'A-1')?.allocations ?? []), 0)
})

t.test(
  'T-05: without a technical outcome in time nothing new is activated and the whole request stays open',
  async t => {
    const begin = [aPod('A'), open('DA'), anOffer('A'), aRequest(), close()]
    const { events } = play(...begin, { type: 'EndValidation', pom, sessionId: idOf('DA') })
    t.match(finalised(events), {
      status: 'notValidated',
      acceptedOffers: 0,
      dso: { servedWattMtus: 0, paidMicroEur: 0 }
    })
    t.same(requestValidated(events, 'R1')?.residual, [{ start: at(40), mtus: 4, quantity: 800 }])
  }
)

t.test('a session in which nothing was accepted is final at once', async t => {
  const { events } = play(aPod('A'), open('DA'), aRequest(), close())
  t.match(finalised(events), { status: 'validated', acceptedOffers: 0 })
  t.match(requestValidated(events, 'R1'), { residual: [{ quantity: 800 }] })
})

const dayAheadDone = [aPod('A'), aPod('B'), open('DA'), anOffer('A'), aRequest(), close(), complete(), open('RT3')]

t.test(
  'MP-OFF-03: where an aggregator offers nothing in real time, what is left of its day-ahead offer stands',
  async t => {
    const { events } = play(
      ...dayAheadDone,
      aTsoRequest({ sessionId: idOf('RT3'), profile: [{ start: at(40), mtus: 4, quantity: 500 }] }),
      close('RT3')
    )
    t.match(cleared(events, 'A-1'), { carriedFrom: idOf('DA'), allocations: [{ side: 'TSO', quantity: 200, mtus: 4 }] })
  }
)

t.test('MP-OFF-03: a real-time offer of a unit takes the place of its day-ahead offers', async t => {
  const fresh = anOffer('A', {
    sessionId: idOf('RT3'),
    offerId: 'A-RT',
    intervals: [{ start: at(40), mtus: 4, steps: [{ quantity: 300, price: 1_000 }], minAcceptance: 0 }]
  })
  const { events } = play(
    ...dayAheadDone,
    fresh,
    aTsoRequest({ sessionId: idOf('RT3'), profile: [{ start: at(40), mtus: 4, quantity: 500 }] }),
    close('RT3')
  )
  t.equal(cleared(events, 'A-1'), undefined)
  t.equal(volume(cleared(events, 'A-RT')?.allocations ?? []), 1_200)
})

t.test(
  'T-20, MP-CLR-04: day-ahead volumes are firm: they use up the band and count as input, not as new volume',
  async t => {
    const narrow = aPod('A', { maxFlexibility: aBand({ upperP: 1_000 }) })
    const fresh = anOffer('A', { sessionId: idOf('RT3'), offerId: 'A-RT' })
    const { events } = play(
      narrow,
      open('DA'),
      anOffer('A'),
      aRequest(),
      close(),
      complete(),
      open('RT3'),
      fresh,
      aTsoRequest({ sessionId: idOf('RT3') }),
      close('RT3')
    )
    t.equal(volume(cleared(events, 'A-RT')?.allocations ?? []), 200 * 4, 'band 1,000 W less 800 W of day-ahead')
    t.match(
      events.find(event => event.type === 'MarketCleared'),
      { dso: { servedWattMtus: 0 }, tso: { servedWattMtus: 800 } }
    )
  }
)

t.test('T-23: what a DSO did not get day-ahead stays asked in the real-time session, unless it asks anew', async t => {
  const begin = [aPod('A'), open('DA'), aRequest(), close(), open('RT3')]
  const offer = anOffer('A', { sessionId: idOf('RT3') })
  const carried = play(...begin, offer, close('RT3')).events
  t.match(
    carried.find(event => event.type === 'RequestCleared'),
    { requestId: 'R1', carriedFrom: idOf('DA'), paidMicroEur: 160_000 }
  )
  const anew = aRequest({ sessionId: idOf('RT3'), profile: [{ start: at(40), mtus: 1, quantity: 100 }] })
  const replaced = play(...begin, offer, anew, close('RT3')).events
  t.match(
    replaced.filter(event => event.type === 'RequestCleared'),
    [{ carriedFrom: null, served: [{ quantity: 100, mtus: 1 }] }]
  )
})

t.test('T-19: a PoD that was declared unavailable is not accepted again in those MTUs', async t => {
  const away = {
    type: 'DeclareUnavailability' as const,
    pom,
    pod: 'A',
    by: acea,
    start: at(41),
    end: at(42),
    reason: 'broken'
  }
  const { events } = play(aPod('A'), open('DA'), anOffer('A'), aRequest(), away, close())
  t.same(
    cleared(events, 'A-1')?.allocations.map(({ start, mtus }) => [start, mtus]),
    [
      [at(40), 1],
      [at(42), 2]
    ]
  )
  t.same(codes(play(aPod('A'), open('DA'), away, away).events), ['already-unavailable'])
})

t.test(
  'T-14, BF-AGG-03: with exclusivePerPod a PoD that serves the DSO does not serve the TSO in the same MTU',
  async t => {
    const commands = (exclusivePerPod: boolean) => [
      aPod('A'),
      open('DA', { rules: someRules({ exclusivePerPod }) }),
      anOffer('A'),
      aRequest(),
      aTsoRequest(),
      close()
    ]
    const sides = (exclusive: boolean) =>
      new Set(cleared(play(...commands(exclusive)).events, 'A-1')?.allocations.map(({ side }) => side))
    t.same(sides(false), new Set(['DSO', 'TSO']))
    t.same(sides(true), new Set(['DSO']))
  }
)

t.test(
  'T-16: where the DSO asks for one direction its PoDs are closed for the opposite direction of the TSO',
  async t => {
    const pods = [aPod('A'), aPod('B', { secondarySubstation: 'S2' })]
    const offers = [
      anOffer('A', { direction: 'DOWN', offerId: 'A-D' }),
      anOffer('B', {
        direction: 'DOWN',
        offerId: 'B-D',
        intervals: [{ start: at(40), mtus: 4, steps: [{ quantity: 1_000, price: 900_000 }], minAcceptance: 0 }]
      })
    ]
    const { events } = play(...pods, open('DA'), ...offers, aRequest(), aTsoRequest({ direction: 'DOWN' }), close())
    t.same(cleared(events, 'A-D')?.allocations, [])
    t.equal(cleared(events, 'A-D')?.reason, 'closed-by-opposite-request')
    t.equal(volume(cleared(events, 'B-D')?.allocations ?? []), 3_200)
  }
)

t.test('a PoD that left the PoM can be offered no more', async t => {
  t.same(codes(play(aPod('A'), open('DA'), { type: 'ForgetPod', pom, pod: 'A' }, anOffer('A')).events), ['unknown-pod'])
})

t.test('T-03: on the day of the clock change offers reach the 100th quarter-hour', async t => {
  const day = '2026-10-25'
  const offer = anOffer('A', {
    sessionId: idOf('DA', day),
    intervals: [{ start: at(99, day), mtus: 1, steps: [{ quantity: 500, price: 1 }], minAcceptance: 0 }]
  })
  t.same(codes(play(aPod('A'), open('DA', { day }), offer).events), [])
  t.same(
    codes(
      play(aPod('A'), open('DA', { day }), { ...offer, intervals: [{ ...offer.intervals[0]!, start: at(100, day) }] })
        .events
    ),
    ['outside-session']
  )
})

t.test('T-02: a preliminary result of a BeFlexible session is decided again by the next one', async t => {
  const begin = [
    aPod('A'),
    open('LFP1', { calendar: 'beflexible' }),
    anOffer('A', { sessionId: idOf('LFP1') }),
    aRequest({ sessionId: idOf('LFP1') }),
    close('LFP1'),
    complete('LFP1')
  ]
  t.equal(validated(play(...begin).events, 'A-1')?.definitive, false)
  const again = play(
    ...begin,
    open('LFP2', { calendar: 'beflexible' }),
    aRequest({ sessionId: idOf('LFP2'), profile: [{ start: at(40), mtus: 4, quantity: 1_000 }] }),
    close('LFP2')
  )
  t.equal(volume(cleared(again.events, 'A-1')?.allocations ?? []), 4_000, 'the whole offer stands again')
})

t.test('an offer is withdrawn by who made it while the session is open', async t => {
  const withdraw = { type: 'WithdrawOffer' as const, pom, sessionId: idOf('DA'), offerId: 'A-1', by: acea }
  t.match(play(aPod('A'), open('DA'), anOffer('A'), withdraw).events, [{ type: 'OfferWithdrawn' }])
  t.same(codes(play(aPod('A'), open('DA'), anOffer('A'), { ...withdraw, by: egeo }).events), ['foreign-actor'])
  t.same(codes(play(aPod('A'), open('DA'), withdraw).events), ['unknown-offer'])
})

t.test(
  'T-12, FR_MP_FS_3.c, MP-CLR-01: with objectives in its rules a session is cleared by NSGA-II, recorded with its seed, and serves no less',
  async t => {
    const rules = someRules({ objectives: ['cost', 'unreliability'], objectiveWeights: [1, 1], seed: 7 })
    const commands = (chosen: ReturnType<typeof someRules>) => [
      aPod('A'),
      aPod('B'),
      open('DA', { rules: chosen }),
      anOffer('A'),
      anOffer('B'),
      aRequest({ pods: ['A', 'B'], profile: [{ start: at(40), mtus: 4, quantity: 1_500 }] }),
      close()
    ]
    const exact = play(...commands(someRules())).events.at(-1)
    const found = play(...commands(rules)).events.at(-1)
    t.match(found, { type: 'MarketCleared', algorithm: 'nsga-ii', seed: 7 })
    t.same(
      found?.type === 'MarketCleared' && found.dso.servedWattMtus,
      exact?.type === 'MarketCleared' && exact.dso.servedWattMtus
    )
  }
)

t.test('a technical outcome that finds everything right gives what judging each service right gives', async t => {
  const begin = [
    aPod('A'),
    aPod('B'),
    open('DA'),
    anOffer('A'),
    anOffer('B', {
      intervals: [{ start: at(40), mtus: 4, steps: [{ quantity: 1_000, price: 300_000 }], minAcceptance: 0 }]
    }),
    aRequest({ pods: ['A', 'B'], profile: [{ start: at(40), mtus: 4, quantity: 1_500 }] }),
    aTsoRequest(),
    close()
  ]
  const right = (offerId: string) => ({
    type: 'JudgeService' as const,
    pom,
    sessionId: idOf('DA'),
    marketOutcomeId: `${idOf('DA')}.MO`,
    offerId,
    by: areti,
    verdicts: [{ start: at(40), mtus: 4, verdict: 'OK' as const, quantity: 0 }]
  })
  t.same(play(...begin, complete()).events, play(...begin, right('A-1'), right('B-1'), complete()).events)
})
