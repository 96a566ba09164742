import t from 'tap'
import type { NoteMeasurements } from '../../schemas/generated.ts'
import { addDays } from '../units/time.ts'
import { after, areti, at, codes, dayAhead, importing, of, pom, realTime, stranger } from './grid-operation.fixtures.ts'

const measured = (date: string, watts: (slot: number) => number, slots = 96): NoteMeasurements => ({
  type: 'NoteMeasurements',
  pom,
  by: areti,
  series: 'WORKSHOP',
  date,
  timeZone: 'Europe/Rome',
  p: Array.from({ length: slots }, (_, slot) => watts(slot)),
  q: []
})

/** The two weeks before 15 January. */
const fortnight = Array.from({ length: 14 }, (_, n) => measured(addDays('2026-01-01', n), () => 12_000))

t.test('DTP-FC-02, DTP-FC-05: what was measured is forecast, with its band, in the place of the profile', async t => {
  const { events } = after(...importing(), ...fortnight, dayAhead)
  t.match(of(events, 'GridAssessed'), [{ violatedSlots: 0, basis: { learned: 1, profiled: 2 } }])
  const [workshop] = of(events, 'SeriesForecast').filter(({ series }) => series === 'WORKSHOP')
  t.match(workshop, { kind: 'load', p: Array.from({ length: 96 }, () => 12_000) })
  t.equal(workshop?.low.length, 96)
})

t.test('DTP-PF-10: the day so far corrects the next hours, and only them', async t => {
  const soFar = measured('2026-01-15', () => 20_000, 64)
  const noisy = fortnight.map((day, n) => measured(day.date, () => 12_000 + (n % 2 ? 3_000 : -3_000)))
  const { events } = after(...importing(), ...noisy, soFar, realTime)
  const [workshop] = of(events, 'SeriesForecast').filter(({ series }) => series === 'WORKSHOP')
  t.equal(workshop?.p.length, 16)
  t.ok(workshop!.p[0]! > 15_000, `${workshop?.p[0]} W is nearer to what was measured last`)
})

t.test('measurements come in order, of elements that the network has, from its operator', async t => {
  const first = fortnight[0]!
  t.strictSame(codes(after(...importing(), first, first).events), ['not-later'])
  t.strictSame(codes(after(...importing(), { ...first, series: 'NOBODY' }).events), ['unknown-series'])
  t.strictSame(codes(after(...importing(), { ...first, by: stranger }).events), ['foreign-actor'])
  t.strictSame(codes(after(first).events), ['unknown-network'])
  t.strictSame(codes(after(...importing(), { ...first, date: '2026-02-30', timeZone: 'Mars' }).events), [
    'bad-interval',
    'bad-range'
  ])
  t.strictSame(
    codes(
      after(
        ...importing(),
        measured('2026-01-01', () => 1, 97)
      ).events
    ),
    ['too-many']
  )
  const gaps = { ...first, p: first.p.map((value, n) => (n < 40 ? null : value)) }
  t.strictSame(codes(after(...importing(), gaps).events), ['bad-range'])
})

t.test('T-03: a day of 92 quarter-hours is a whole day', async t => {
  const { state } = after(
    ...importing(),
    measured('2026-03-29', () => 5_000, 92)
  )
  t.equal(state.poms.get(pom)?.models.get('WORKSHOP')?.lastDate, '2026-03-29')
})

t.test('DTP-FC-01: panels without history are forecast from the weather', async t => {
  const solar = {
    type: 'NotePlant',
    pom,
    by: areti,
    series: 'WORKSHOP',
    plant: {
      kind: 'solar',
      ratedWatt: 20_000,
      latitudeDegree: 41.9,
      longitudeDegree: 12.5,
      tiltDegree: 30,
      azimuthDegree: 180,
      hubHeightM: null,
      cutInMs: null,
      ratedMs: null,
      cutOutMs: null
    }
  } as const
  const weather = {
    type: 'NoteWeather',
    pom,
    by: areti,
    start: dayAhead.start,
    stepMinutes: 60,
    ghi: Array.from({ length: 24 }, (_, hour) => (hour > 8 && hour < 16 ? 400 : 0)),
    cloudShare: [],
    temperature: Array.from({ length: 24 }, () => 10),
    wind: []
  } as const
  const { events } = after(...importing(), solar, weather, dayAhead)
  t.match(of(events, 'GridAssessed'), [{ basis: { weather: 1 } }])
  const [panels] = of(events, 'SeriesForecast').filter(({ series }) => series === 'WORKSHOP')
  t.ok(panels!.p[48]! < -3_000, 'it injects at noon')
  t.equal(panels?.p[0], 0)
  const incomplete = { ...solar, plant: { ...solar.plant, ratedWatt: null } }
  t.strictSame(codes(after(...importing(), incomplete).events), ['bad-range'])
  t.strictSame(codes(after(...importing(), { ...weather, stepMinutes: 20 }).events), ['bad-range'])
  t.equal(at(0), dayAhead.start)
})
