import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { checkNetwork } from '../check-network.ts'
import { networkOf, solved } from '../networks.fixtures.ts'
import { parseCim } from './cim-network.ts'
import type { CimObject, CimObjects } from './cim-object.ts'

/** Files of the examples are flat and regular, so this is enough here; people's files go through `infra/rdf`. */
const objectsOf = (...paths: readonly string[]): Map<string, CimObject> => {
  const objects = new Map<string, CimObject & { readonly values: Map<string, string[]> }>()
  const idOf = (text: string): string =>
    text
      .slice(text.indexOf('#') + 1)
      .replace(/^urn:uuid:/, '')
      .replace(/^_/, '')
  for (const path of paths) {
    const xml = gunzipSync(readFileSync(new URL(`../../../examples/networks/simbench/${path}.xml.gz`, import.meta.url)))
    for (const [, type = '', about = '', body = ''] of xml
      .toString()
      .matchAll(/<cim:(\w+) rdf:(?:ID|about)="([^"]+)">([\s\S]*?)<\/cim:\1>/g)) {
      const id = idOf(about)
      const object = objects.get(id) ?? { id, type, values: new Map<string, string[]>() }
      objects.set(id, object)
      for (const [, name = '', resource, text] of body.matchAll(
        /<\w+:([\w.]+)(?: rdf:resource="([^"]+)"\/>|>([^<]*)<)/g
      ))
        object.values.set(name, [
          ...(object.values.get(name) ?? []),
          resource === undefined ? (text ?? '') : idOf(resource)
        ])
    }
  }
  return objects
}

const all = (name: string) => objectsOf(...['EQ', 'SSH', 'TP', 'SV'].map(profile => `${name}/${profile}`))

for (const name of ['lv-urban-cgmes', 'mv-urban-cgmes', 'mv-urban-cgmes3'])
  t.test(`${name} in CGMES is solved as its SV file says, written by another program`, async t => {
    const { network, problems, solution } = parseCim(all(name))
    t.strictSame(problems, [])
    if (network === undefined) return t.fail('was not read')
    t.strictSame(checkNetwork(network), [])
    const state = solved(network)
    const place = new Map(network.buses.map(({ id }, n) => [id, n]))
    t.ok(solution.length > 50)
    for (const { bus, vm_pu, va_degree } of solution) {
      t.ok(Math.abs(state.vm_pu[place.get(bus)!]! - vm_pu) < 1e-9, bus)
      t.ok(Math.abs(state.va_degree[place.get(bus)!]! - va_degree) < 1e-7, bus)
    }
    return undefined
  })

t.test(
  'the same network in CGMES and in the own format differs by the place of the magnetising branch only',
  async t => {
    const { network } = parseCim(all('lv-urban-cgmes'))
    if (network === undefined) return t.fail('was not read')
    const own = networkOf('simbench/lv-urban.json.gz')
    const moved = { ...network, transformers: network.transformers.map(({ noLoadAt: _, ...rest }) => rest) }
    const voltages = (of: typeof own) => new Map(of.buses.map(({ id }, n) => [id, solved(of).vm_pu[n]!]))
    const [one, other] = [voltages(moved), voltages(own)]
    for (const [bus, voltage] of one) t.ok(Math.abs(voltage - other.get(bus)!) < 1e-9, bus)
    t.equal(network.lines[0]?.max_A, own.lines[0]?.max_A)
    return undefined
  }
)

t.test('without a TP file the connectivity nodes are joined by the switches, with the same voltages', async t => {
  const { network, problems } = parseCim(objectsOf('mv-urban-cgmes3/EQ', 'mv-urban-cgmes3/SSH'))
  t.strictSame(
    problems.map(({ severity, code }) => `${severity} ${code}`),
    ['warning missing-data']
  )
  if (network === undefined) return t.fail('was not read')
  const state = solved(network)
  const whole = parseCim(all('mv-urban-cgmes3'))
  const voltage = new Map(network.buses.map(({ id }, n) => [id, state.vm_pu[n]!]))
  for (const { bus, vm_pu } of whole.solution) t.ok(Math.abs((voltage.get(bus) ?? 0) - vm_pu) < 1e-9, bus)
  return undefined
})

const changed = (change: (objects: Map<string, CimObject>) => void): CimObjects => {
  const objects = all('lv-urban-cgmes')
  change(objects)
  return objects
}

const put = (
  objects: Map<string, CimObject>,
  id: string,
  type: string,
  values: Readonly<Record<string, string>>
): void => {
  const known = objects.get(id)
  objects.set(id, {
    id,
    type,
    values: new Map([
      ...(known?.values ?? []),
      ...Object.entries(values).map(([name, value]) => [name, [value]] as const)
    ])
  })
}

const found = (objects: CimObjects): readonly string[] =>
  parseCim(objects).problems.map(({ severity, code, path }) => `${severity} ${code} ${path}`)

t.test('EQ alone says that files are missing', async t => {
  t.ok(
    parseCim(objectsOf('lv-urban-cgmes/EQ')).problems.some(({ detail }) => detail.includes('a TP file may be missing'))
  )
  const withoutSsh = parseCim(objectsOf('lv-urban-cgmes/EQ', 'lv-urban-cgmes/TP'))
  t.equal(withoutSsh.network, undefined)
  t.ok(withoutSsh.problems.some(({ detail }) => detail.includes('an SSH file may be missing')))
})

t.test('what the model does not know is refused at its place', async t => {
  const cases: readonly [string, (objects: Map<string, CimObject>) => void][] = [
    ['error unsupported StaticVarCompensator svc', o => put(o, 'svc', 'StaticVarCompensator', {})],
    [
      'error unsupported SynchronousMachine G0',
      o => {
        put(o, 'G0', 'SynchronousMachine', { 'RegulatingCondEq.controlEnabled': 'true' })
        put(o, 'G0_RC', 'RegulatingControl', { 'RegulatingControl.enabled': 'true' })
      }
    ],
    [
      'error unsupported PowerTransformer T0',
      o =>
        put(o, 'T0_TW3', 'PowerTransformerEnd', {
          'TransformerEnd.endNumber': '3',
          'PowerTransformerEnd.ratedU': '0.4',
          'PowerTransformerEnd.PowerTransformer': 'T0',
          'TransformerEnd.Terminal': 'T0_PT_T_2'
        })
    ],
    [
      'error unsupported PhaseTapChangerLinear ptc',
      o => put(o, 'ptc', 'PhaseTapChangerLinear', { 'TapChanger.step': '3', 'TapChanger.neutralStep': '0' })
    ],
    [
      'error unsupported EnergyConsumer LD0',
      o => {
        put(o, 'lrc', 'LoadResponseCharacteristic', {
          'LoadResponseCharacteristic.exponentModel': 'true',
          'LoadResponseCharacteristic.pVoltageExponent': '2'
        })
        put(o, 'LD0', 'EnergyConsumer', { 'EnergyConsumer.LoadResponse': 'lrc' })
      }
    ],
    ['error bad-value ACLineSegment L0', o => put(o, 'L0', 'ACLineSegment', { 'ACLineSegment.r': 'much' })],
    [
      'error unknown-element TopologicalNode B1',
      o => put(o, 'B1', 'TopologicalNode', { 'TopologicalNode.BaseVoltage': 'gone' })
    ]
  ]
  for (const [expected, change] of cases) t.ok(found(changed(change)).includes(expected), expected)
})

t.test('a transformer with a clock of 5 shifts by 150 degrees, one that is not connected stands open', async t => {
  const { network } = parseCim(
    changed(o => {
      put(o, 'T0_TW2', 'PowerTransformerEnd', { 'PowerTransformerEnd.phaseAngleClock': '5' })
      put(o, 'T0_PT_T_2', 'Terminal', { 'ACDCTerminal.connected': 'false' })
    })
  )
  t.equal(network?.transformers[0]?.shift_degree, 150)
  t.match(network?.switches, [{ element: 'T0', elementType: 'transformer', closed: false }])
})

t.test('a tap by steps counts like one by table', async t => {
  const voltage = (change: (objects: Map<string, CimObject>) => void): number => {
    const { network, problems } = parseCim(changed(change))
    if (network === undefined) throw new Error(JSON.stringify(problems))
    return solved(network).vm_pu[0]!
  }
  const byTable = voltage(o => put(o, 'T0_PT_RTC_1', 'RatioTapChanger', { 'TapChanger.step': '2' }))
  const bySteps = voltage(o =>
    put(o, 'T0_PT_RTC_1', 'RatioTapChanger', { 'TapChanger.step': '2', 'RatioTapChanger.RatioTapChangerTable': '' })
  )
  t.ok(Math.abs(byTable - bySteps) < 1e-12)
  t.ok(Math.abs(byTable - voltage(() => {})) > 0.01)
})
