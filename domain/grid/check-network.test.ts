import t from 'tap'
import { checkNetwork } from './check-network.ts'
import type { Network } from './network.ts'
import type { NetworkProblemCode } from './network-problem.ts'
import { aBus, aLine, aLoad, aNetwork, aSwitch, aTransformer } from './networks.fixtures.ts'

const found = (fields: Partial<Network>): readonly string[] =>
  checkNetwork(aNetwork(fields)).map(({ severity, code, path }) => `${severity} ${code} ${path}`)

t.test('a sound network has no problem', async t => {
  t.strictSame(checkNetwork(aNetwork()), [])
})

const cases: readonly [string, NetworkProblemCode, string, Partial<Network>][] = [
  ['two buses of one id', 'duplicate-id', '/buses/4/id', { buses: [...aNetwork().buses, aBus('B')] }],
  [
    'two loads of one id',
    'duplicate-id',
    '/loads/1/id',
    { loads: [aLoad('B', 1, 0), aLoad('C', 1, 0, { id: 'at B' })] }
  ],
  ['a line to nowhere', 'unknown-element', '/lines/2/to', { lines: [...aNetwork().lines, aLine('C', 'X')] }],
  ['a load at no bus', 'unknown-element', '/loads/0/bus', { loads: [aLoad('X', 1, 0)] }],
  ['a switch at no line', 'unknown-element', '/switches/0/element', { switches: [aSwitch('A', 'X')] }],
  [
    'a line without impedance',
    'zero-impedance',
    '/lines/0',
    { lines: [aLine('A', 'B', { r_ohm: 0, x_ohm: 0 }), aLine('B', 'C')] }
  ],
  [
    'a transformer without impedance',
    'zero-impedance',
    '/transformers/0/vk_percent',
    { transformers: [aTransformer('C', 'L', { vk_percent: 0, vkr_percent: 0 })] }
  ],
  [
    'copper losses above the short-circuit voltage',
    'bad-value',
    '/transformers/0/vkr_percent',
    { transformers: [aTransformer('C', 'L', { vkr_percent: 7 })] }
  ],
  [
    'sides that are mixed up',
    'voltage-mismatch',
    '/transformers/0/highVoltage_kV',
    { transformers: [aTransformer('C', 'L', { highVoltage_kV: 0.4 })] }
  ],
  ['a line between two voltages', 'voltage-mismatch', '/lines/2', { lines: [...aNetwork().lines, aLine('B', 'L')] }],
  [
    'a tap beyond its range',
    'bad-value',
    '/transformers/0/tapPosition',
    { transformers: [aTransformer('C', 'L', { tapPosition: 3, tapMax: 2 })] }
  ],
  [
    'a switch where its line does not end',
    'contradictory-switches',
    '/switches/0/bus',
    { switches: [aSwitch('C', 'A-B')] }
  ],
  [
    'one end open and closed',
    'contradictory-switches',
    '/switches/1/closed',
    { switches: [aSwitch('B', 'A-B'), aSwitch('B', 'A-B', { id: 'again', closed: true })] }
  ],
  [
    'a switch between two voltages',
    'voltage-mismatch',
    '/switches/0',
    { switches: [aSwitch('C', 'L', { elementType: 'bus', closed: true })] }
  ],
  ['no external grid', 'no-external-grid', '/externalGrids', { externalGrids: [] }],
  [
    'joined external grids of two voltages',
    'contradictory-switches',
    '/externalGrids/1',
    {
      externalGrids: [
        { bus: 'A', vm_pu: 1, va_degree: 0 },
        { bus: 'B', vm_pu: 1.01, va_degree: 0 }
      ],
      switches: [aSwitch('A', 'B', { elementType: 'bus', closed: true })]
    }
  ],
  [
    'one meter at two buses',
    'bad-value',
    '/loads/1/pod',
    { loads: [aLoad('B', 1, 0, { pod: 'IT001' }), aLoad('C', 1, 0, { pod: 'IT001' })] }
  ]
]

for (const [title, code, path, fields] of cases)
  t.test(`${title}: an error at ${path}`, async t => {
    t.ok(found(fields).includes(`error ${code} ${path}`), found(fields).join('\n'))
  })

t.test('an island is a warning that names its buses and the load that is not supplied', async t => {
  const problems = checkNetwork(aNetwork({ switches: [aSwitch('B', 'B-C'), aSwitch('C', 'B-C')] }))
  t.equal(problems.length, 1)
  t.match(problems[0], { severity: 'warning', code: 'island', path: '/buses/2' })
  t.match(problems[0]?.detail, '2 buses with 120 kW of load have no external grid: C, L')
})

t.test('a line whose ends are one bus by closed switches is a warning', async t => {
  t.strictSame(found({ switches: [aSwitch('A', 'B', { elementType: 'bus', closed: true })] }), [
    'warning shorted-branch /lines/0'
  ])
})

t.test('every problem is reported at once', async t => {
  const lines = Array.from({ length: 3000 }, (_, n) => aLine('A', 'X', { id: `line ${n}`, r_ohm: 0, x_ohm: 0 }))
  t.equal(found({ lines }).filter(text => text.includes('zero-impedance')).length, 3000)
  t.equal(found({ lines }).filter(text => text.includes('unknown-element')).length, 3000)
})
