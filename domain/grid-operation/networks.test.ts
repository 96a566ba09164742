import t from 'tap'
import {
  activate,
  after,
  codes,
  importing,
  of,
  pod,
  pom,
  stage,
  stranger,
  switching,
  village
} from './grid-operation.fixtures.ts'
import { placeId } from './network-version.ts'

t.test('FR_DTP_PFA_2: a network that came in parts is one version, and its PoDs have places of the market', async t => {
  const { buses, lines, ...rest } = village()
  const { events } = after(
    stage({ ...village(), ...Object.fromEntries(Object.keys(village()).map(name => [name, []])), buses }),
    stage({ ...village(), buses: [], lines: [], ...rest }, 1),
    stage({ ...village(), ...Object.fromEntries(Object.keys(village()).map(name => [name, []])), lines }, 2),
    activate(3)
  )
  const [activated] = of(events, 'NetworkVersionActivated')
  t.match(activated, { version: 1, counts: { buses: 7, lines: 5, pods: 2 }, changed: 'imported', remarkCount: 0 })
  const [{ digest } = { digest: '' }] = of(after(...importing()).events, 'NetworkVersionActivated')
  t.equal(activated?.digest, digest, 'the parts do not count, the network does')
  t.match(of(events, 'NetworkPodsPlaced'), [
    {
      pods: [
        { pod: 'POD-1', place: { dsoId: 'ARETI', pom, feeder: 'FEEDER-1', secondarySubstation: 'SS-1' } },
        { pod: 'POD-2', place: { pom, feeder: 'FEEDER-2', secondarySubstation: 'SS-2' } }
      ]
    }
  ])
})

t.test('T-51: a persistent switching sends the places that changed, one for now sends none', async t => {
  const forNow = after(...importing(), switching(false, ['S-2', false], ['S-TIE', true]))
  t.match(of(forNow.events, 'NetworkVersionActivated'), [
    {
      version: 2,
      changed: 'switchedForNow',
      switched: [
        { id: 'S-2', closed: false },
        { id: 'S-TIE', closed: true }
      ]
    }
  ])
  t.strictSame(of(forNow.events, 'NetworkPodsPlaced'), [])

  const forGood = after(...importing(), switching(false, ['S-2', false]), switching(true, ['S-TIE', true]))
  t.match(of(forGood.events, 'NetworkVersionActivated'), [{ version: 3, changed: 'switched' }])
  t.match(of(forGood.events, 'NetworkPodsPlaced'), [
    { pods: [{ pod: 'POD-2', place: { feeder: 'FEEDER-1', secondarySubstation: 'SS-2' } }] }
  ])
  const back = after(...importing(), switching(true, ['S-2', false], ['S-TIE', true]), ...importing())
  t.match(of(back.events, 'NetworkPodsPlaced'), [{ pods: [{ pod: 'POD-2', place: { feeder: 'FEEDER-2' } }] }])
})

t.test('a PoD without supply keeps its place, and one that left the network loses it', async t => {
  const dark = after(...importing(), switching(true, ['S-2', false]))
  t.match(of(dark.events, 'NetworkVersionActivated'), [{ remarks: [{ code: 'island' }] }])
  t.strictSame(of(dark.events, 'NetworkPodsPlaced'), [])
  const gone = after(...importing(), ...importing(village({ loads: village().loads.slice(0, 2) })))
  t.match(of(gone.events, 'NetworkPodsPlaced'), [{ pods: [{ pod: 'POD-2', place: null }] }])
})

t.test('every problem of a network is told at once, and the network before stays', async t => {
  const wrong = village({
    externalGrids: [{ bus: 'NOWHERE', vm_pu: 1, va_degree: 0 }],
    lines: village().lines.map(one => (one.id === 'TIE' ? { ...one, r_ohm: 0, x_ohm: 0 } : one))
  })
  const { state, events } = after(...importing(), stage(wrong, 0, 'u2'), activate(1, 'u2'))
  const [refused] = of(events, 'GridCommandRefused')
  t.ok(refused?.reasons.every(({ code }) => code === 'bad-network'))
  t.strictSame(refused?.reasons.map(({ path }) => path).sort(), ['/externalGrids/0/bus', '/lines/2'])
  t.equal(state.poms.get(pom)?.network?.activated.version, 1)
})

t.test('T-71: limits that a network cannot have are refused with their places, and each is given once', async t => {
  const limit = { id: null, minPu: null, maxPu: null, percent: null }
  const limits = [
    { ...limit, of: 'lowVoltage', minPu: 230 },
    { ...limit, of: 'mediumVoltage', minPu: 1.05, maxPu: 0.95 },
    { ...limit, of: 'line', id: 'NOWHERE', percent: 90 },
    { ...limit, of: 'line', percent: 90 },
    { ...limit, of: 'loading', maxPu: 1 },
    { ...limit, of: 'bus', id: 'LV-1', percent: 90 },
    { ...limit, of: 'transformer', id: 'T-1', percent: 90 },
    { ...limit, of: 'transformer', id: 'T-1', percent: 80 }
  ] as const
  const [refused] = of(after(...importing(village({ limits }))).events, 'GridCommandRefused')
  t.strictSame(refused?.reasons.map(({ path }) => path).sort(), [
    '/limits/3/id',
    '/limits/4',
    '/limits/5',
    '/limits/7',
    '/limits/lines',
    '/limits/voltage/low/minPu',
    '/limits/voltage/medium'
  ])
  const digestOf = (changes: Parameters<typeof village>[0]) =>
    of(after(...importing(village(changes))).events, 'NetworkVersionActivated')[0]?.digest
  const one = [{ ...limit, of: 'loading', percent: 90 }] as const
  t.not(digestOf({ limits: one }), digestOf({}), 'a version with other limits is another one')
})

t.test('two stations whose names would be one id in the market are refused', async t => {
  t.equal(placeId('SS 1'), placeId('SS/1'))
  const buses = village().buses.map(one => (one.id === 'MV-2' ? { ...one, substation: 'SS/1' } : one))
  t.match(of(after(...importing(village({ buses }))).events, 'GridCommandRefused'), [
    { reasons: [{ code: 'bad-network', detail: /would have one id, SS-1/ }] }
  ])
})

t.test('an activation wants all parts of its own upload, and a network has the switches that it has', async t => {
  t.strictSame(codes(after(activate()).events), ['unknown-upload'])
  t.strictSame(codes(after(stage(village()), activate(2)).events), ['missing-parts'])
  t.strictSame(codes(after(stage(village()), activate(1, 'u1', stranger)).events), ['unknown-upload'])
  t.strictSame(codes(after(switching(true, ['S-2', false])).events), ['unknown-network'])
  t.strictSame(codes(after(...importing(), switching(true, ['S-9', false], ['S-2', true], ['S-2', false])).events), [
    'unknown-switch',
    'bad-range'
  ])
})

t.test('the network of a substation belongs to the grid operator of its PoDs', async t => {
  const foreign = { ...stage(village()), by: stranger }
  t.strictSame(codes(after(...importing(), foreign).events), ['foreign-actor'])
  t.strictSame(codes(after(pod('POD-1'), foreign).events), ['foreign-actor'])
  t.strictSame(codes(after({ ...foreign, by: { role: 'tso', id: 'TERNA' } }).events), ['wrong-role'])
  t.strictSame(codes(after(pod('POD-1'), stage(village()), activate()).events), [])
})
