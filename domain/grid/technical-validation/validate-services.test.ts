import t from 'tap'
import { applyServices, busOfPodIn } from '../apply-services.ts'
import { aBus, aLine, aLoad, aNetwork, compiledOf, networkOf } from '../networks.fixtures.ts'
import { defaultThresholds, limitsOf } from '../violations.ts'
import type { AcceptedService } from './service.ts'
import { validateServices } from './validate-services.ts'
import { verdictsOf } from './verdicts.ts'

/** One line of 100 A: about 1,732 kW at 10 kV. Point of delivery: the id of the load, `at B`. */
const network = aNetwork({
  buses: [aBus('A'), aBus('B'), aBus('far')],
  lines: [aLine('A', 'B', { r_ohm: 0.01, x_ohm: 0.01, max_A: 100 })],
  transformers: [],
  loads: [aLoad('B', 1_000, 0), aLoad('far', 10, 0)]
})
const compiled = compiledOf(network)
const busOfPod = busOfPodIn(compiled)
const limits = limitsOf(compiled, defaultThresholds)

const service = (fields: Partial<AcceptedService> = {}): AcceptedService => ({
  offerId: 'offer',
  rank: 1,
  quantity: 'P',
  direction: 'DOWN',
  kind: 'continuous',
  isBlock: false,
  minAcceptance: 0,
  members: [{ pod: 'at B', weight: 1 }],
  accepted: [{ slot: 0, slots: 1, amount: 500_000 }],
  ...fields
})

const judge = (services: readonly AcceptedService[], slots: readonly { readonly p_kW?: number }[] = [{}]) =>
  validateServices({
    compiled,
    busOfPod,
    limits,
    services,
    slots: slots.map(({ p_kW }) =>
      p_kW === undefined ? {} : { loads: { p_kW: Float64Array.of(p_kW, 10), q_kvar: new Float64Array(2) } }
    )
  })

const acceptable = (result: ReturnType<typeof judge>): readonly number[][] =>
  result.services.map(({ slots }) => slots.map(one => one.acceptable))

t.test('DTP-ATV-02: the worse rank is cut, by steps of 10 W, and the better one kept', async t => {
  const result = judge([
    service({ offerId: 'second', rank: 2 }),
    service({ offerId: 'first', rank: 1 }),
    service({ offerId: 'none left', rank: 3 })
  ])
  const [second, first, last] = acceptable(result)
  t.strictSame(first, [500_000])
  t.ok(second![0]! > 200_000 && second![0]! < 240_000 && second![0]! % 10 === 0, `${second}`)
  t.ok(last![0]! < 10)
  t.match(result.slots, [{ status: 'curtailed', withAll: [{ kind: 'line-overload' }], residual: [] }])
})

t.test('T-22: a discrete service that does not fit gives its place to the next', async t => {
  const result = judge([
    service({ kind: 'discrete', accepted: [{ slot: 0, slots: 1, amount: 800_000 }] }),
    service({ rank: 2, accepted: [{ slot: 0, slots: 1, amount: 300_000 }] })
  ])
  t.strictSame(acceptable(result), [[0], [300_000]])
})

t.test('DTP-ATV-01: a service that cures what a better rank breaks lets it pass', async t => {
  const result = judge([
    service({ accepted: [{ slot: 0, slots: 1, amount: 900_000 }] }),
    service({ rank: 2, direction: 'UP' })
  ])
  t.strictSame(acceptable(result), [[900_000], [500_000]])
  t.equal(result.slots[0]!.status, 'clear')
})

t.test('DTP-ATV-02: where the grid is overloaded without services, cures are kept and the rest is named', async t => {
  const result = judge(
    [service({ rank: 1, offerId: 'harm' }), service({ rank: 2, offerId: 'cure', direction: 'UP' })],
    [{ p_kW: 2_000 }, { p_kW: 3_000 }].slice(1)
  )
  t.strictSame(acceptable(result)[1], [500_000])
  t.ok(acceptable(result)[0]![0]! < 3_000, 'at most what the tolerance lets by')
  t.match(result.slots, [{ residual: [{ kind: 'line-overload', element: 'A-B' }] }])
})

t.test(
  'DTP-ATV-03: a service at a bus without voltage, or at no bus of the network, is refused with that reason',
  async t => {
    const result = judge([
      service({ members: [{ pod: 'at far', weight: 1 }] }),
      service({
        members: [
          { pod: 'at B', weight: 1 },
          { pod: 'nobody', weight: 1 }
        ]
      }),
      service({ accepted: [{ slot: 0, slots: 1, amount: 1_000 }] })
    ])
    t.match(result.services, [
      { slots: [{ acceptable: 0, reason: 'not-supplied' }] },
      { slots: [{ acceptable: 0, reason: 'unknown-pod' }] },
      { slots: [{ acceptable: 1_000, reason: undefined }] }
    ])
    t.equal(result.slots[0]!.status, 'clear')
  }
)

t.test('DTP-ATV-02: a slot without a solution accepts nothing and says so, and no other slot suffers', async t => {
  const huge = 1e9
  const result = judge([service({ accepted: [{ slot: 0, slots: 2, amount: 1_000 }] })], [{ p_kW: huge }, {}])
  t.strictSame(acceptable(result), [[0, 1_000]])
  t.match(result.services[0]!.slots[0], { reason: 'no-solution' })
  t.match(result.slots, [{ status: 'no-solution', divergence: { status: 'diverged', bus: 'B' } }, { status: 'clear' }])
  const { withAll } = judge([service({ accepted: [{ slot: 0, slots: 1, amount: 1e12 }] })]).slots[0]!
  t.equal(withAll, undefined, 'all services together have no state')
})

t.test('DTP-ATV-02: services far beyond what the grid can carry are cut to what it can', async t => {
  const many = Array.from({ length: 40 }, (_, n) =>
    service({ offerId: `${n}`, rank: n + 1, accepted: [{ slot: 0, slots: 1, amount: 100_000_000 }] })
  )
  const [first, ...rest] = acceptable(judge(many))
  t.ok(first![0]! > 700_000 && first![0]! < 740_000, `${first}`)
  t.ok(rest.every(([amount]) => amount! < 10))
})

t.test('T-17: a block gets in all its slots what the tightest leaves', async t => {
  const block = service({ isBlock: true, accepted: [{ slot: 0, slots: 3, amount: 500_000 }] })
  const result = judge([block], [{}, { p_kW: 1_500 }, {}])
  const [amounts] = acceptable(result)
  t.equal(new Set(amounts).size, 1)
  t.ok(amounts![0]! > 200_000 && amounts![0]! < 240_000)
  t.match(result.services[0]!.slots, [{ reason: 'block' }, { reason: 'violation' }, { reason: 'block' }])
  const least = service({ ...block, minAcceptance: 300_000 })
  t.strictSame(acceptable(judge([least], [{}, { p_kW: 1_500 }, {}])), [[0, 0, 0]])
})

for (const mtus of [92, 96, 100])
  t.test(`DTP-ATV-03: a day of ${mtus} quarter-hours has its verdicts in as few runs as there are changes`, async t => {
    const start = Date.UTC(2016, 9, 29, 22)
    const mtuStarts = Array.from({ length: mtus }, (_, n) => start + n * 900_000)
    const slots = mtuStarts.map((_, n) => ({ p_kW: n >= 40 && n < 50 ? 1_732 : n === 60 ? 1_500 : 1_000 }))
    const result = judge(
      [service({ minAcceptance: 10_000, accepted: [{ slot: 0, slots: mtus, amount: 500_000 }] })],
      slots
    )
    const [{ offerId, verdicts } = { offerId: '', verdicts: [] }] = verdictsOf(result, mtuStarts)
    t.equal(offerId, 'offer')
    t.match(verdicts, [
      { start, mtus: 40, verdict: 'OK', quantity: 0 },
      { start: mtuStarts[40]!, mtus: 10, verdict: 'KO', quantity: 0 },
      { start: mtuStarts[50]!, mtus: 10, verdict: 'OK', quantity: 0 },
      { start: mtuStarts[60]!, mtus: 1, verdict: 'PARTIAL', quantity: Number },
      { start: mtuStarts[61]!, mtus: mtus - 61, verdict: 'OK', quantity: 0 }
    ])
    t.equal(verdicts.length, 5)
  })

t.test('DTP-PF-07: services as power at buses: a change of each member by its weight, up as injection', async t => {
  const { injected, unknownPods } = applyServices(
    compiled,
    busOfPod,
    [
      {
        quantity: 'P',
        direction: 'UP',
        members: [
          { pod: 'at B', weight: 3 },
          { pod: 'at far', weight: 1 }
        ],
        runs: [{ slot: 1, slots: 1, amount: 4_000 }]
      },
      {
        quantity: 'Q',
        direction: 'DOWN',
        members: [{ pod: 'at B', weight: 1 }],
        runs: [{ slot: 1, slots: 2, amount: 500 }]
      },
      {
        quantity: 'P',
        direction: 'UP',
        members: [{ pod: 'gone', weight: 1 }],
        runs: [{ slot: 0, slots: 1, amount: 500 }]
      }
    ],
    3
  )
  t.strictSame(unknownPods, ['gone'])
  t.strictSame([...injected[1]!.p_kW], [0, 3, 1])
  t.strictSame([...injected[2]!.q_kvar], [0, -0.5, 0])
  t.equal(injected[0], undefined)
  t.throws(() =>
    applyServices(
      compiled,
      busOfPod,
      [
        {
          quantity: 'P',
          direction: 'UP',
          members: [{ pod: 'at B', weight: 1 }],
          runs: [{ slot: 3, slots: 1, amount: 1 }]
        }
      ],
      3
    )
  )
})

t.test('DTP-ATV-02: on the 33-bus network the services of a whole feeder are cut to its voltage limit', async t => {
  const baran = compiledOf(networkOf('baran-wu-33.json'))
  const thresholds = {
    ...defaultThresholds,
    voltage: { ...defaultThresholds.voltage, medium: { minPu: 0.91, maxPu: 1.05 } }
  }
  const pods = [...busOfPodIn(baran).keys()]
  const result = validateServices({
    compiled: baran,
    busOfPod: busOfPodIn(baran),
    limits: limitsOf(baran, thresholds),
    slots: [{}],
    services: pods.map((pod, n) =>
      service({
        offerId: pod,
        rank: n + 1,
        members: [{ pod, weight: 1 }],
        accepted: [{ slot: 0, slots: 1, amount: 50_000 }]
      })
    )
  })
  const amounts = acceptable(result).map(([amount]) => amount!)
  t.strictSame(result.slots[0]!.residual, [])
  t.ok(amounts.filter(amount => amount > 0 && amount < 50_000).length <= 3)
  t.ok(amounts[0] === 50_000 && amounts.some(amount => amount === 0))
})
