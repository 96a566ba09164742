/** The commands of `flexledger grid`, as processes of their own. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { networkProblemCodes } from '../domain/grid/network-problem.ts'
import { NetworkImport } from '../gateway/api/network-schemas.ts'
import { components } from '../gateway/api/schemas.ts'
import { flexledger } from './command-line.fixtures.ts'

const root = await mkdtemp(join(tmpdir(), 'flexledger-grid-'))
t.teardown(() => rm(root, { recursive: true, force: true }))
const networks = fileURLToPath(new URL('../examples/networks/', import.meta.url))
const cli = (...args: string[]) => flexledger(['grid', ...args])

t.test('grid solve prints voltages, loadings and losses as one JSON document', async t => {
  const { code, stdout, stderr } = await cli('solve', join(networks, 'cigre-mv.json'), '--json')
  t.equal(code, 0)
  t.equal(stderr, '')
  const state = JSON.parse(stdout)
  t.match(state, { network: 'CIGRE European medium-voltage benchmark', transformerModel: 't', status: 'converged' })
  t.match(state.buses[11], { id: 'Bus 11', vm_pu: Number, va_degree: Number })
  t.match(state.lines[0], { loadingPercent: Number, losses_kW: Number, p_from_kW: Number, i_to_A: Number })
  t.match(state.transformers[0], { loadingPercent: Number, losses_kW: Number, p_hv_kW: Number })
  t.equal(state.violations.length, 10)
  const open = state.lines.find(({ id }: { id: string }) => id === 'Line 6-7')
  t.equal(open.i_to_A, 0, 'an open end carries nothing')
})

t.test('grid solve --slots gives one result a slot, and a slot without a solution is a finding', async t => {
  const slots = join(root, 'slots.json')
  const loads = (p_kW: number) => ({ loadsById_kW_kvar: { 'load 18': [p_kW, 40] } })
  await writeFile(
    slots,
    JSON.stringify([
      { title: 'calm', ...loads(90) },
      { title: 'far too much', ...loads(9_000) }
    ])
  )
  const file = join(networks, 'baran-wu-33.json')
  const json = await cli('solve', file, '--slots', slots, '--json')
  t.equal(json.code, 1)
  t.match(json.stderr, '1 of 2 slots have no solution')
  t.match(JSON.parse(json.stdout).slots, [
    { title: 'calm', status: 'converged' },
    { title: 'far too much', status: 'diverged', bus: '18', buses: undefined }
  ])
  const people = await cli('solve', file, '--slots', slots)
  t.match(people.stdout, /far too much\nno solution \(no-convergence\) after \d+ steps; weakest at bus 18/)
})

t.test('a slot that names what the network does not have is wrong use', async t => {
  const slots = join(root, 'wrong.json')
  await writeFile(slots, JSON.stringify([{ loadsById_kW_kvar: { 'load 99': [1, 1] } }]))
  const { code, stdout, stderr } = await cli('solve', join(networks, 'baran-wu-33.json'), '--slots', slots)
  t.equal(code, 2)
  t.equal(stdout, '')
  t.match(stderr, 'the network has no load 99')
})

t.test('grid check lists every problem, and errors are a finding', async t => {
  const file = join(root, 'broken.json')
  await writeFile(
    file,
    JSON.stringify({
      buses: [
        { id: 'A', kV: 10 },
        { id: 'A', kV: 10 }
      ],
      lines: [{ id: 'l', from: 'A', to: 'B', r_ohm: 0, x_ohm: 0 }]
    })
  )
  const { code, stdout, stderr } = await cli('check', file, '--json')
  t.equal(code, 1)
  t.match(stderr, 'has 4 errors')
  t.strictSame(
    JSON.parse(stdout).problems.map((problem: { code: string }) => problem.code),
    ['duplicate-id', 'unknown-element', 'zero-impedance', 'no-external-grid']
  )
  t.match(await cli('solve', file), { code: 2, stdout: '', stderr: /zero-impedance \/lines\/0/ })
})

t.test('grid convert --import prints what the API takes, and refuses what does not belong to it', async t => {
  const file = join(networks, 'baran-wu-33.json')
  const limits = join(root, 'limits.json')
  const profiles = join(root, 'profiles.json')
  await writeFile(limits, JSON.stringify({ loadingPercent: 90 }))
  await writeFile(profiles, '[]')
  const { code, stdout } = await cli('convert', file, '--import', '--limits', limits, '--profiles', profiles)
  t.equal(code, 0)
  const body = JSON.parse(stdout)
  t.same(Object.keys(body), ['network', 'profiles', 'limits'])
  t.strictSame(body.network, JSON.parse((await cli('convert', file, '--json')).stdout))
  const ajv = new Ajv2020({ strict: false })
  for (const one of components) ajv.addSchema(one)
  const isBody = ajv.compile(NetworkImport)
  t.ok(isBody(body), JSON.stringify(isBody.errors))

  await writeFile(limits, JSON.stringify({ loadingPercent: 9_000, lines: { NOWHERE: 90 } }))
  const refused = await cli('convert', file, '--import', '--limits', limits)
  t.equal(refused.code, 2)
  t.match(refused.stderr, /\/loadingPercent: /)
  t.match(refused.stderr, /the network has none of lines with the id NOWHERE/)
  t.match(await cli('convert', file, '--limits', limits), { code: 2, stderr: /add --import/ })
  t.match(await cli('convert', file, '--import', '--profiles', limits), { code: 2, stderr: /no list of profiles/ })
})

t.test('DTP-PF-04: grid convert lumps low voltage without participants, and what is left solves as before', async t => {
  const district = join(networks, 'simbench/district.json.gz')
  const lumped = await cli('convert', district, '--lump-low-voltage')
  t.match(lumped, { code: 0, stderr: /low-voltage networks lumped/ })
  const file = join(root, 'lumped.json')
  await writeFile(file, lumped.stdout)
  const [before, after] = await Promise.all(
    [district, file].map(async path => JSON.parse((await cli('solve', path, '--json')).stdout))
  )
  t.ok(after.buses.length < before.buses.length)
  const voltage = new Map<string, number>(before.buses.map((bus: { id: string; vm_pu: number }) => [bus.id, bus.vm_pu]))
  for (const { id, vm_pu } of after.buses)
    if (Math.abs(vm_pu - voltage.get(id)!) > 1e-8) t.fail(`${id} has another voltage`)
})

t.test('grid convert prints a network of pandapower in the own format, which solves alike', async t => {
  const converted = await cli('convert', join(networks, 'simbench/lv-urban.pandapower.json.gz'))
  t.equal(converted.code, 0)
  const file = join(root, 'converted.json')
  await writeFile(file, converted.stdout)
  const summary = async (path: string) => JSON.parse((await cli('solve', path, '--json')).stdout).summary
  const [one, two] = [await summary(file), await summary(join(networks, 'simbench/lv-urban.json.gz'))]
  t.ok(Math.abs(one.minVoltage_pu - two.minVoltage_pu) < 1e-11)
})

t.test('grid solve takes the files of CGMES, or their folder, and compares with their SV file', async t => {
  const folder = join(networks, 'simbench/mv-urban-cgmes')
  const { code, stdout, stderr } = await cli('solve', folder, '--json')
  t.equal(code, 0, stderr)
  const { comparison } = JSON.parse(stdout)
  t.equal(comparison.buses, 144)
  t.ok(comparison.largestVoltageDifference_pu < 1e-9)
  const files = ['EQ', 'SSH', 'TP'].map(profile => join(folder, `${profile}.xml.gz`))
  t.equal(JSON.parse((await cli('solve', ...files, '--json')).stdout).comparison, undefined)
  t.match(await cli('solve', files[0]!), { code: 2, stdout: '', stderr: /a TP file may be missing/ })
  t.match(await cli('solve', ...files, join(networks, 'cigre-mv.json')), { code: 2, stdout: '' })
})

t.test('XML that is not well-formed is named with its place', async t => {
  const file = join(root, 'broken.xml')
  await writeFile(file, '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><a>')
  t.match(await cli('check', file), { code: 1, stdout: /broken\.xml: .*line 1/ })
})

t.test('what is no network is wrong use with the reason', async t => {
  const file = join(root, 'text.json')
  await writeFile(file, 'no json')
  t.match(await cli('solve', file), { code: 2, stdout: '', stderr: /is no JSON/ })
  t.match(await cli('check', join(root, 'nowhere')), { code: 2, stdout: '', stderr: /cannot be read/ })
})

t.test('docs/reference/network.md has every code of a problem with its meaning', async t => {
  const page = await readFile(new URL('../docs/reference/network.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (?:error|warning|error, warning) \| (.*) \|$/gm)].map(
    ([, code, meaning]) => [code, meaning]
  )
  t.strictSame(rows, Object.entries(networkProblemCodes))
})

t.test('DTP-ATV-03: grid validate cuts the worst rank, says why, and takes the outcome of market clear', async t => {
  const file = join(networks, 'cigre-mv.json')
  const network = JSON.parse(await readFile(file, 'utf8'))
  const [pod, other] = network.loads.map(({ id }: { id: string }) => id)
  const slots = join(root, 'light.json')
  const light = Object.fromEntries(
    network.loads.map(({ id, p_kW, q_kvar }: { id: string; p_kW: number; q_kvar: number }) => [
      id,
      [p_kW / 2, q_kvar / 2]
    ])
  )
  await writeFile(slots, JSON.stringify([{ title: 'light', loadsById_kW_kvar: light }]))
  const services = join(root, 'services.json')
  const service = { quantity: 'P', direction: 'DOWN', accepted: [{ slot: 0, amount: 60_000_000 }] }
  await writeFile(
    services,
    JSON.stringify({
      services: [
        { offerId: pod, rank: 1, ...service },
        { offerId: other, rank: 2, ...service }
      ]
    })
  )
  const { code, stdout, stderr } = await cli('validate', file, '--slots', slots, '--outcome', services, '--json')
  t.equal(code, 0, stderr)
  const { slots: judged, services: cut } = JSON.parse(stdout)
  t.match(judged, [{ title: 'light', status: 'curtailed' }])
  t.match(cut, [{ slots: [{ accepted: 60_000_000 }] }, { slots: [{ verdict: 'KO', reason: 'violation' }] }])
  const people = await cli('validate', file, '--slots', slots, '--outcome', services)
  t.match(people.stdout, /light +1 .* violation/)

  const book = join(root, 'book.json')
  const step = [{ quantity: 1_000, price: 1 }]
  const offer = {
    kind: 'single',
    id: 'o',
    unit: pod,
    quantity: 'P',
    direction: 'UP',
    intervals: [{ mtu: 0, steps: step }]
  }
  const request = { id: 'r', side: 'TSO', quantity: 'P', direction: 'UP', service: 'congestion' }
  const profile = [{ mtu: 0, power: 1_000 }]
  await writeFile(book, JSON.stringify({ mtus: 1, offers: [offer], requests: [{ ...request, profile }] }))
  const outcome = join(root, 'outcome.json')
  await writeFile(outcome, (await flexledger(['market', 'clear', book, '--json'])).stdout)
  const fromMarket = await cli('validate', file, '--slots', slots, '--outcome', outcome, '--book', book, '--json')
  t.equal(fromMarket.code, 0, fromMarket.stderr)
  t.match(JSON.parse(fromMarket.stdout).services, [{ offerId: 'o', slots: [{ acceptable: 1_000, verdict: 'OK' }] }])
  t.match(await cli('validate', file, '--outcome', outcome), { code: 2, stderr: /--book names the book/ })
})

t.test('DTP-ROF-02: grid request plans, alerts and groups, with limits from a file', async t => {
  const flexibility = fileURLToPath(new URL('../examples/flexibility/', import.meta.url))
  const args = [
    ...['request', join(networks, 'baran-wu-33.json'), '--units', join(flexibility, 'baran-wu-33.units.json')],
    ...['--limits', join(flexibility, 'limits-0.93.json')]
  ]
  const json = await cli(...args, '--json')
  t.equal(json.code, 0, json.stderr)
  const plan = JSON.parse(json.stdout)
  t.match(plan.slots, [{ status: 'cured', remaining: [], after: { minVoltage_pu: Number } }])
  t.ok(plan.slots[0].after.minVoltage_pu >= 0.93 - 1e-9)
  const moved = plan.slots[0].activations.reduce((sum: number, { p }: { p: number }) => sum + p, 0)
  const asked = plan.requests.reduce(
    (sum: number, { profile }: { profile: { amount: number }[] }) => sum + profile[0]!.amount,
    0
  )
  t.ok(asked >= moved && asked <= 1.25 * moved)
  t.match(plan.alerts[0], { kind: 'under-voltage', helpful: [{ quantity: 'P', direction: 'UP', total: 1_627_500 }] })
  t.strictSame(plan.problems, [])
  const people = await cli(...args)
  t.match(people.stdout, /cured +14 +0/)
  t.match(people.stdout, /1627\.5 kW up, 27 PoDs/)
  const nothing = await cli('request', join(networks, 'baran-wu-33.json'), '--units', join(root, 'none.json'))
  t.equal(nothing.code, 2)
})

t.test('grid request and grid validate repeat the warnings of a network beside their results', async t => {
  const network = JSON.parse(await readFile(join(networks, 'baran-wu-33.json'), 'utf8'))
  const file = join(root, 'island.json')
  const units = join(root, 'no-units.json')
  const services = join(root, 'no-services.json')
  await writeFile(file, JSON.stringify({ ...network, buses: [...network.buses, { id: 'island', kV: 12.66 }] }))
  await writeFile(units, JSON.stringify({ units: [] }))
  await writeFile(services, JSON.stringify({ services: [] }))
  for (const args of [
    ['request', file, '--units', units],
    ['validate', file, '--outcome', services]
  ]) {
    t.match((await cli(...args)).stdout, /^1 warning:\n {2}warning island /)
    t.match(JSON.parse((await cli(...args, '--json')).stdout).problems, [{ severity: 'warning', code: 'island' }])
  }
})

t.test('grid request says what units cannot cure, and names every fault of a file', async t => {
  const units = join(root, 'units.json')
  await writeFile(units, JSON.stringify({ units: [{ pod: 'load 18', band: { upP: 100 } }] }))
  const weak = await cli('request', join(networks, 'baran-wu-33.json'), '--units', units)
  t.equal(weak.code, 1)
  t.match(weak.stderr, '1 of 1 slots keep violations that the units cannot remove')
  await writeFile(units, JSON.stringify({ units: [{ pod: 'load 99', band: { upP: -1 } }] }))
  const wrong = await cli('request', join(networks, 'baran-wu-33.json'), '--units', units)
  t.equal(wrong.code, 2)
  t.match(wrong.stderr, /units.0.pod.*units.0.band.upP/s)
})
