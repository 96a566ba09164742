import t from 'tap'
import type { RegistryCommand } from '../../schemas/generated.ts'
import { acea, after, aPlace, aPodRecord, areti, codes, other } from './registry.fixtures.ts'

const pod = 'IT002E12345678'
const register: RegistryCommand = { type: 'RegisterPod', pod, by: acea, record: aPodRecord() }
const assign: RegistryCommand = { type: 'AssignPom', pod, by: areti, place: aPlace(), from: null }

t.test('FR_AP_PR_3, AP-PR-02: a PoD is registered with all fields of its document', async t => {
  const { state, events } = after(register)
  t.match(events, [{ type: 'PodRegistered', pod, record: aPodRecord(), place: null, registeredAt: 1_000 }])
  t.equal(state.pods.get(pod)?.status, 'registered')
})

t.test('a second registration of a PoD is refused and changes nothing', async t => {
  const once = after(register)
  const twice = after(register, { ...register, record: aPodRecord({ zone: 'NORD' }) })
  t.same(codes(twice.events), ['duplicate-pod'])
  t.same(twice.state, once.state)
})

t.test('an aggregator cannot register, change or end a PoD of another', async t => {
  t.same(codes(after({ ...register, by: other }).events), ['foreign-actor'])
  t.same(codes(after(register, { type: 'UpdatePod', pod, by: other, record: aPodRecord() }).events), ['foreign-actor'])
  t.same(codes(after(register, { type: 'CeasePod', pod, by: other }).events), ['foreign-actor'])
  t.same(
    codes(after(register, { type: 'UpdatePod', pod, by: acea, record: aPodRecord({ aggregatorId: 'OTHER' }) }).events),
    ['foreign-actor']
  )
})

t.test('MP-KAF-01: an aggregator cannot have a name that would give it the topics of an operator', async t => {
  for (const id of ['DSO', 'TSO']) {
    const named: RegistryCommand = {
      ...register,
      by: { role: 'aggregator', id },
      record: aPodRecord({ aggregatorId: id })
    }
    t.same(codes(after(named).events), ['bad-id'], id)
  }
})

t.test('T-40, T-41: every field out of its range is named in one refusal', async t => {
  const record = aPodRecord({
    pnp: -1,
    inp: 1e9,
    inq: 2e8,
    cosPhi: '1.2X',
    zone: 'no blanks allowed',
    maxFlexibility: { upperP: -5, downP: 5, upperQ: -1, downQ: 1 },
    powerBaselineCurves: { workday: [{ p: 1, q: 1 }], saturday: [], holiday: [] }
  })
  const { events } = after({ ...register, record })
  t.equal(events.length, 1)
  const [refused] = events
  if (refused?.type !== 'RegistryCommandRefused') throw new Error('expected a refusal')
  t.same(refused.reasons.map(({ path }) => path).sort(), [
    '/cosPhi',
    '/inp',
    '/inq',
    '/maxFlexibility/downP',
    '/maxFlexibility/downQ',
    '/maxFlexibility/upperP',
    '/maxFlexibility/upperQ',
    '/pnp',
    '/powerBaselineCurves/workday',
    '/zone'
  ])
})

t.test('T-42: a baseline beyond what the connection carries is refused slot by slot', async t => {
  const workday = Array.from({ length: 96 }, (_, n) => ({ p: n === 7 ? 7_000 : 500, q: 0 }))
  const record = aPodRecord({ powerBaselineCurves: { workday, saturday: [], holiday: [] } })
  const [refused] = after({ ...register, record }).events
  t.match(refused, { reasons: [{ code: 'bad-baseline', path: '/powerBaselineCurves/workday/7/p' }] })
})

t.test('T-50: Italian and free-form PoD codes are accepted, others are not', async t => {
  for (const code of ['IT001E67329318', 'IT002EAA0123AA', 'POD_GENERAL_TORDIVALLE_v5'])
    t.same(codes(after({ ...register, pod: code }).events), [], code)
  for (const code of ['', 'a b', 'x'.repeat(41), 'pod/1', 'pòd'])
    t.same(codes(after({ ...register, pod: code }).events), ['bad-id'], code)
})

t.test('AP-PR-01: an update names the fields that changed', async t => {
  const record = aPodRecord({ zone: 'NORD', services: ['voltage'] })
  const { events } = after(register, { type: 'UpdatePod', pod, by: acea, record })
  t.match(events, [{ type: 'PodUpdated', changed: ['services', 'zone'], record }])
})

t.test('T-51: the history of places is kept, and a move names the PoM before', async t => {
  const { state, events } = after(register, assign, { ...assign, place: aPlace({ pom: 'ROMA2' }), from: 77 })
  t.match(events, [{ type: 'PomAssigned', previousPom: 'ROMA1', from: 77, place: { pom: 'ROMA2' } }])
  t.same(state.pods.get(pod)?.places, [
    { place: aPlace(), from: 2_000 },
    { place: aPlace({ pom: 'ROMA2' }), from: 77 }
  ])
})

t.test('a place is given by the grid operator of the PoD only', async t => {
  t.same(codes(after(register, { ...assign, by: acea }).events), ['wrong-role'])
  t.same(codes(after(register, { ...assign, by: { role: 'dso', id: 'X' } }).events), ['foreign-actor'])
  const stranger = { ...assign, by: { role: 'dso' as const, id: 'X' }, place: aPlace({ dsoId: 'X' }) }
  t.same(codes(after(register, assign, stranger).events), ['foreign-actor'])
  t.same(codes(after(assign).events), ['unknown-pod'])
})

t.test('a PoD that ended can be registered again by another aggregator and keeps its place', async t => {
  const again: RegistryCommand = { ...register, by: other, record: aPodRecord({ aggregatorId: other.id }) }
  const { events } = after(register, assign, { type: 'CeasePod', pod, by: acea }, again)
  t.match(events, [{ type: 'PodRegistered', place: { pom: 'ROMA1' }, record: { aggregatorId: 'OTHER' } }])
  t.same(codes(after(register, { type: 'CeasePod', pod, by: acea }, { type: 'CeasePod', pod, by: acea }).events), [
    'no-longer-registered'
  ])
})

t.test('DM-POD: an agreement id has 24 hexadecimal digits', async t => {
  const link = (smartContractId: string): RegistryCommand => ({ type: 'LinkAgreement', pod, by: acea, smartContractId })
  t.same(codes(after(register, link('xyz')).events), ['bad-id'])
  const { state } = after(register, link('0123456789abcdef01234567'))
  t.equal(state.pods.get(pod)?.smartContractId, '0123456789abcdef01234567')
})
