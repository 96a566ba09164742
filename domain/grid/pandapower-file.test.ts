import t from 'tap'
import { checkNetwork } from './check-network.ts'
import { difference, jsonOf, networkOf, solved } from './networks.fixtures.ts'
import { isPandapowerJson, parsePandapower } from './pandapower-file.ts'

type Columns = Readonly<Record<string, readonly unknown[]>>

const frame = (columns: Columns) => ({
  _module: 'pandas.core.frame',
  _class: 'DataFrame',
  _object: JSON.stringify({
    columns: Object.keys(columns),
    index: Object.values(columns)[0]?.map((_, n) => n) ?? [],
    data: (Object.values(columns)[0] ?? []).map((_, n) => Object.values(columns).map(column => column[n]))
  })
})

const net = (tables: Readonly<Record<string, Columns>>) => ({
  _module: 'pandapower.auxiliary',
  _class: 'pandapowerNet',
  _object: Object.fromEntries(Object.entries(tables).map(([name, columns]) => [name, frame(columns)]))
})

const small = {
  bus: { name: ['A', 'B'], vn_kv: [20, 0.4], in_service: [true, true] },
  ext_grid: { bus: [0], vm_pu: [1], va_degree: [0], in_service: [true] },
  trafo: {
    name: ['T'],
    hv_bus: [0],
    lv_bus: [1],
    sn_mva: [0.4],
    vn_hv_kv: [20],
    vn_lv_kv: [0.4],
    vk_percent: [6],
    vkr_percent: [1.4],
    pfe_kw: [1.3],
    i0_percent: [0.3],
    shift_degree: [150],
    tap_side: ['hv'],
    tap_pos: [1],
    tap_neutral: [0],
    tap_step_percent: [2.5],
    parallel: [1],
    df: [1],
    in_service: [true]
  },
  load: { bus: [1], p_mw: [0.1], q_mvar: [0.05], scaling: [0.5], in_service: [true] }
} satisfies Readonly<Record<string, Columns>>

for (const name of ['lv-urban', 'mv-urban'])
  t.test(`${name} in pandapower's format is solved as in the own one, with the same ids`, async t => {
    const json = jsonOf(`simbench/${name}.pandapower.json.gz`)
    if (!isPandapowerJson(json)) return t.fail('is no pandapower file')
    const { network, problems } = parsePandapower(json)
    t.strictSame(problems, [])
    if (network === undefined) return t.fail('was not read')
    const own = networkOf(`simbench/${name}.json.gz`)
    t.strictSame(
      network.buses.map(({ id }) => id),
      own.buses.map(({ id }) => id)
    )
    t.strictSame(checkNetwork(network), [])
    t.ok(difference(solved(network).vm_pu, solved(own).vm_pu) < 1e-11)
    t.ok(difference(solved(network).lines.loadingPercent, solved(own).lines.loadingPercent) < 1e-6)
    return undefined
  })

t.test('scaling, sizes and names are taken over', async t => {
  const { network, problems } = parsePandapower(net(small))
  t.strictSame(problems, [])
  t.match(network?.loads, [{ id: 'load 0', bus: 'B', p_kW: 50, q_kvar: 25 }])
  t.match(network?.transformers, [{ id: 'T', rated_kVA: 400, tapPosition: 1, tapKind: 'ratio', ironLoss_kW: 1.3 }])
})

t.test('a tap changer without a type counts as neutral in files of version 3, with a warning', async t => {
  const { network, problems } = parsePandapower(net({ ...small, trafo: { ...small.trafo, tap_changer_type: [null] } }))
  t.match(problems, [{ severity: 'warning', code: 'missing-data', path: 'trafo T' }])
  t.equal(network?.transformers[0]?.tapPosition, 0)
})

t.test('what the model does not know is refused, each element at its place, unless it is out of service', async t => {
  const { problems } = parsePandapower(
    net({
      ...small,
      gen: { bus: [1], p_mw: [1], vm_pu: [1], in_service: [true] },
      trafo3w: { hv_bus: [0, 0], in_service: [true, false] },
      impedance: { from_bus: [0], in_service: [true] },
      load: { ...small.load, const_z_percent: [50] },
      switch: { bus: [0], element: [0], et: ['t3'], closed: [true] }
    })
  )
  t.strictSame(
    problems.map(({ severity, code, path }) => `${severity} ${code} ${path}`),
    [
      'error unsupported trafo3w 0',
      'error unsupported impedance 0',
      'error unsupported switch 0',
      'error unsupported gen 0',
      'error unsupported load load 0'
    ]
  )
})

t.test('a closed switch with an impedance is a line, an open one a line out of service', async t => {
  const { network } = parsePandapower(
    net({
      ...small,
      bus: { name: ['A', 'B', 'C', 'D'], vn_kv: [20, 0.4, 0.4, 0.4], in_service: [true, true, true, true] },
      switch: { bus: [1, 1], element: [2, 3], et: ['b', 'b'], closed: [true, false], z_ohm: [0.1, 0.1] }
    })
  )
  t.match(network?.lines, [
    { id: 'switch 0', inService: true },
    { id: 'switch 1', inService: false }
  ])
  t.ok(Math.abs(Math.hypot(network?.lines[0]?.r_ohm ?? 0, network?.lines[0]?.x_ohm ?? 0) - 0.1) < 1e-12)
})

t.test('loads of single phases are added up, with a warning', async t => {
  const { network, problems } = parsePandapower(
    net({
      ...small,
      asymmetric_load: {
        bus: [1],
        p_a_mw: [0.001],
        p_b_mw: [0.002],
        p_c_mw: [0],
        q_a_mvar: [0.001],
        q_b_mvar: [0],
        q_c_mvar: [0],
        in_service: [true]
      }
    })
  )
  t.match(problems, [{ severity: 'warning', code: 'unsupported', path: 'asymmetric_load 0' }])
  t.match(network?.loads[1], { p_kW: 3, q_kvar: 1 })
})

t.test('missing data are named with the id of their element, and broken tables are problems', async t => {
  const { network, problems } = parsePandapower(
    net({ ...small, load: { bus: [1, 7], p_mw: [null, 1], q_mvar: [0, 0] } })
  )
  t.equal(network, undefined)
  t.match(problems, [{ code: 'missing-data', path: '/loads/0/p_kW', detail: 'p_kW is missing (load 0)' }])
  const broken = { ...net(small), _object: { bus: { _object: '{"columns":' } } }
  t.match(parsePandapower(broken).problems, [{ code: 'bad-value', path: 'bus' }])
})
