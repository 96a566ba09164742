import t from 'tap'
import { placesOf, podPlacesOf } from './hierarchy.ts'
import { aBus, aLine, aLoad, aNetwork, aSwitch, aTransformer, networkOf } from './networks.fixtures.ts'

const district = networkOf('simbench/district.json.gz')

t.test('FR_DTP_ROF_2: a district has one primary substation, its feeders, and 133 secondary substations', async t => {
  const places = placesOf(district)
  const distinct = (name: 'primarySubstation' | 'feeder' | 'secondarySubstation') =>
    new Set(places.flatMap(place => place[name] ?? []))
  t.strictSame([...distinct('primarySubstation')], ['HV1 Bus 25'])
  t.equal(distinct('secondarySubstation').size, 133)
  t.ok(distinct('feeder').size > 3 && distinct('feeder').size < 30, String(distinct('feeder').size))
  const lowVoltage = district.buses.flatMap(({ kV }, n) => (kV < 1 ? [places[n]!] : []))
  t.ok(lowVoltage.every(place => place.primarySubstation && place.secondarySubstation))
})

const small = aNetwork({
  buses: [
    { ...aBus('H', 110), substation: 'Roma Nord' },
    aBus('M'),
    aBus('M2'),
    aBus('A'),
    aBus('B'),
    aBus('L', 0.4),
    aBus('L2', 0.4),
    aBus('X')
  ],
  lines: [aLine('M', 'A'), aLine('M2', 'B'), aLine('L', 'L2'), aLine('B', 'X')],
  transformers: [
    aTransformer('H', 'M', { id: 'T1', rated_kVA: 40_000, highVoltage_kV: 110, lowVoltage_kV: 10 }),
    aTransformer('H', 'M2', { id: 'T2', rated_kVA: 40_000, highVoltage_kV: 110, lowVoltage_kV: 10 }),
    aTransformer('A', 'L')
  ],
  switches: [aSwitch('B', 'B-X'), aSwitch('X', 'B-X')],
  externalGrids: [{ bus: 'H', vm_pu: 1, va_degree: 0 }],
  loads: [aLoad('L2', 3, 1, { id: 'home', pod: 'IT001' }), aLoad('B', 300, 100, { id: 'works', pod: 'IT002' })],
  generators: [aLoad('L2', 2, 0, { id: 'panels', pod: 'IT001' })]
})

t.test('T-51: points of delivery stand at substations and feeders of the network as it is switched', async t => {
  t.strictSame(
    [...podPlacesOf(small)],
    [
      ['IT001', { bus: 'L2', primarySubstation: 'Roma Nord', feeder: 'M-A', secondarySubstation: 'A' }],
      ['IT002', { bus: 'B', primarySubstation: 'Roma Nord', feeder: 'M2-B' }]
    ]
  )
  const tied = { ...small, lines: [...small.lines.filter(({ id }) => id !== 'M2-B'), aLine('A', 'B')] }
  t.equal(podPlacesOf(tied).get('IT002')?.feeder, 'M-A')
})

t.test('a bus without voltage stands nowhere, one at high voltage below no substation', async t => {
  const places = placesOf(small)
  t.strictSame(places[7], {})
  t.strictSame(places[0], {})
})

t.test('where the network begins at medium voltage its external grid is the primary substation', async t => {
  t.strictSame(placesOf(networkOf('baran-wu-33.json'))[17], { primarySubstation: '1', feeder: '1-2' })
})
