/**
 * The built-in grid operator plays a day-ahead and a real-time session on a real low-voltage network: it gives PoDs their
 * places (0A), asks for what cures its transformer (2c), judges what the market accepted (3, 4), and with the final
 * outcome (5) no limit is broken any more. The aggregator and the operator's people only use the API.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { aPod, type Market, startMarket } from './market.ts'

interface Load {
  readonly id: string
  readonly bus: string
  readonly p_kW: number
  readonly q_kvar: number
  readonly profile: string
  readonly pod?: string
}

interface NetworkJson {
  readonly loads: readonly Load[]
  readonly generators: readonly Load[]
  readonly transformers: readonly { readonly id: string }[]
}

const file = new URL('../../examples/networks/simbench/lv-urban.json.gz', import.meta.url)
const lvUrban = JSON.parse(gunzipSync(readFileSync(file)).toString()) as NetworkJson

const pom = 'ROMA-LV'
const session = `/v1/sessions/2026-01-15.DA.${pom}`
const realTime = `/v1/sessions/2026-01-15.RT5.${pom}`
const evening = { start: '2026-01-15T18:00:00+01:00', end: '2026-01-15T20:00:00+01:00' }

/** Shares of the rated powers: a peak from 18:00 to 20:00. */
const share = (slot: number): number => (slot >= 72 && slot < 80 ? 1 : 0.5)
const shape = Array.from({ length: 96 }, (_, slot) => ({ p: share(slot) }))

/** Loads of some size become customers. */
const customers = lvUrban.loads.filter(({ p_kW }) => p_kW >= 3).slice(0, 40)
const podOf = ({ id }: Load): string => `POD-${id.replaceAll(/\W+/g, '-')}`

/** The transformer may be used up to 62 % of its rating, which the evening needs more than. */
const networkOf = (changes: Record<string, unknown> = {}) => ({
  network: {
    ...lvUrban,
    loads: lvUrban.loads.map(load => (customers.includes(load) ? { ...load, pod: podOf(load) } : load)),
    transformers: lvUrban.transformers.map(one => ({ ...one, loadingFactor: 0.62 })),
    ...changes
  },
  profiles: [...new Set([...lvUrban.loads, ...lvUrban.generators].map(({ profile }) => profile))].map(name => ({
    name,
    workday: name.startsWith('PV') ? shape.map(() => ({ p: 0 })) : shape
  }))
})

const podDocument = (load: Load) => {
  const watts = Math.round(1000 * load.p_kW)
  const curve = shape.map(({ p }) => ({ p: Math.round(watts * p), q: Math.round(1000 * load.q_kvar * p) }))
  return {
    ...aPod(podOf(load)),
    contractualPower: 2 * watts,
    pnp: 2 * watts,
    cnp: 2 * watts,
    maxFlexibility: { upperP: Math.round(watts * 0.6), downP: -1_000, upperQ: 0, downQ: 0 },
    powerBaselineCurves: { workday: curve, saturday: curve, holiday: curve }
  }
}

const offerOf = (load: Load, n: number) => ({
  type: 'single',
  offerId: `OFFER-${n}`,
  unit: { id: podOf(load), pods: [podOf(load)] },
  quantity: 'P',
  direction: 'UP',
  service: 'any',
  intervals: [
    {
      ...evening,
      steps: [{ quantity: Math.round(1000 * load.p_kW * 0.6), price: 100_000 + 1_000 * n }],
      minAcceptance: 0
    }
  ]
})

interface GridState {
  readonly stage: string
  readonly violatedSlots: number
  readonly divergedSlots: number
  readonly alarms: number
  readonly requests: number
  readonly unresolved: number
  readonly basis: Readonly<Record<string, number>>
  readonly slots: readonly { readonly maxLoadingPercent: number }[]
}

const items = async <Item>(market: Market, path: string): Promise<readonly Item[]> => {
  await market.settled()
  const { status, body } = await market.call('ARETI', 'GET', path)
  if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`)
  return (body as { items: readonly Item[] }).items
}

const begun = async (t: Test, env: Record<string, string> = {}): Promise<Market> => {
  const market = await startMarket('2026-01-14T09:00:00Z', { env })
  t.teardown(() => market.close())
  const [first, ...later] = customers
  const registered = await market.call('ACEAE', 'POST', '/v1/pods', [podDocument(first!)])
  t.equal(registered.status, 201, JSON.stringify(registered.body).slice(0, 300))
  const imported = await market.call('ARETI', 'PUT', `/v1/networks/${pom}`, networkOf())
  t.equal(imported.status, 200, JSON.stringify(imported.body).slice(0, 500))
  t.equal((await market.call('ACEAE', 'POST', '/v1/pods', later.map(podDocument))).status, 201)
  return market
}

t.test(
  'FR_DTP_ROF_2: PoDs get their places from the network, whether they were registered before it or after',
  async t => {
    const market = await begun(t)
    const pods = await items<{ pod: string; dsoId: string; pom: string; secondarySubstation: string }>(
      market,
      '/v1/pods'
    )
    t.equal(pods.length, customers.length)
    for (const { pod, dsoId, pom: at, secondarySubstation } of pods)
      t.strictSame([dsoId, at, secondarySubstation], ['ARETI', pom, 'MV2-101-Bus-4'], pod)
    const [network] = await items<{ version: number; counts: { pods: number } }>(market, '/v1/networks')
    t.match(network, { version: 1, counts: { pods: customers.length } })
  }
)

t.test(
  'DTP-PF-06, DTP-PF-07, FR_DTP_ROF_3, FR_DTP_ATV_2: after a day-ahead session no limit is broken, and real time builds on it',
  async t => {
    const market = await begun(t)
    await market.until('2026-01-14T11:00:00Z')
    const [forecast, ...more] = await items<GridState>(market, `${session}/grid-state`)
    t.strictSame(more, [])
    t.match(forecast, { stage: 'forecast', violatedSlots: 8, divergedSlots: 0, unresolved: 0 })
    t.match(forecast?.basis, { registered: customers.length, withoutBus: 0, constant: 0 })
    t.ok((forecast?.requests ?? 0) > 0)
    const alarms = await items<{ kind: string; values: readonly unknown[]; helpfulCount: number }>(
      market,
      `${session}/alarms`
    )
    t.match(alarms, [
      { kind: 'transformerOverload', values: [{ start: '2026-01-15T17:00:00.000Z', end: '2026-01-15T19:00:00.000Z' }] }
    ])
    const requests = await items<{ requestId: string; profile: readonly unknown[] }>(market, `${session}/requests`)
    t.equal(requests.length, forecast?.requests)

    const offered = await market.call('ACEAE', 'POST', `${session}/offers`, customers.map(offerOf))
    t.equal(offered.status, 201, JSON.stringify(offered.body).slice(0, 500))
    await market.until('2026-01-14T15:00:00Z')
    await market.settled()
    const state = await market.call('ARETI', 'GET', session)
    t.match(state.body, { status: 'validated', cleared: { dso: {} } })
    const judged = await market.call('ARETI', 'GET', `${session}/technical-validation`)
    t.match(judged.body, { curtailed: 0, residualViolations: 0, againstVerdicts: 0 })
    const [, validated] = await items<GridState>(market, `${session}/grid-state`)
    t.match(validated, { stage: 'validated', violatedSlots: 0, divergedSlots: 0, alarms: 0 })

    await market.until('2026-01-15T14:00:00Z')
    const [again] = await items<GridState>(market, `${realTime}/grid-state`)
    t.match(again, { stage: 'forecast', violatedSlots: 0, requests: 0 })
    t.equal(again?.slots.length, 16)
    t.strictSame(
      market.statuses.filter(status => status >= 500),
      []
    )
  }
)

t.test('T-86: with FLEX_GRID_REQUESTS=approval nothing is asked before an operator confirms it', async t => {
  const market = await begun(t, { FLEX_GRID_REQUESTS: 'approval' })
  await market.until('2026-01-14T11:00:00Z')
  t.strictSame(await items(market, `${session}/requests`), [])
  const proposals = await items<{ requestId: string; status: string }>(market, `${session}/proposals?limit=1000`)
  t.ok(proposals.length > 0)
  t.ok(proposals.every(({ status }) => status === 'waiting'))
  const confirm = { requestIds: proposals.slice(0, 1).map(({ requestId }) => requestId) }
  t.equal((await market.call('ARETI', 'POST', `${session}/proposals/approval`, confirm)).status, 200)
  t.equal((await market.call('ARETI', 'POST', `${session}/proposals/approval`, confirm)).status, 404)
  t.strictSame(
    (await items<{ requestId: string }>(market, `${session}/requests`)).map(({ requestId }) => requestId),
    confirm.requestIds
  )
  await market.until('2026-01-14T15:00:00Z')
  const after = await items<{ requestId: string; status: string }>(market, `${session}/proposals?limit=1000`)
  t.equal(after.filter(({ status }) => status === 'sent').length, 1)
  t.equal(after.filter(({ status }) => status === 'dropped').length, proposals.length - 1)
})

t.test('SYS-08: without the role the same calls of an outside platform are all that happens', async t => {
  const roles = 'gateway,registry,clock,market,projections,actor-topics'
  const market = await startMarket('2026-01-14T09:00:00Z', { env: { FLEX_ROLES: roles } })
  t.teardown(() => market.close())
  t.equal((await market.call('ACEAE', 'POST', '/v1/pods', [podDocument(customers[0]!)])).status, 201)
  await market.settled()
  t.equal(await market.app.log.endOffset('flex.grid.events', 0), 0)
  t.strictSame(await items(market, '/v1/networks'), [])
})
