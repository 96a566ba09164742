import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { encode } from '../../schemas/codec.ts'
import { limitsDefault } from '../limits.ts'
import { networkImport } from './grid-examples.ts'
import { networkCommands } from './network-parts.ts'
import type { NetworkBody } from './network-schemas.ts'

const actor = { role: 'dso', id: 'ARETI' } as const
const district = JSON.parse(
  gunzipSync(readFileSync(new URL('../../examples/networks/simbench/district.json.gz', import.meta.url))).toString()
) as NetworkBody['network']

t.test(
  'a network of thousands of elements becomes parts that fit into records, in their order, and lose nothing',
  async t => {
    const commands = networkCommands({ network: district }, 'ROMA01', 'u', actor)
    const activation = commands[commands.length - 1]
    t.match(activation, { type: 'ActivateNetwork', parts: commands.length - 1 })
    for (const command of commands) t.ok(encode(command).length <= limitsDefault.recordBytesMax)
    const parts = commands.flatMap(command => (command.type === 'StageNetworkElements' ? [command.elements] : []))
    for (const list of ['buses', 'lines', 'transformers', 'loads', 'generators'] as const)
      t.strictSame(
        parts.flatMap(part => part[list].map(({ id }) => id)),
        (district[list] ?? []).map(({ id }) => id),
        list
      )
  }
)

t.test('what a document leaves out or has as null gets its default', async t => {
  const { network } = networkImport
  const buses = network.buses.map(bus => ({ ...bus, subnet: null, inService: null }))
  const [part] = networkCommands({ network: { ...network, buses } as NetworkBody['network'] }, 'ROMA01', 'u', actor)
  t.match(part, {
    elements: {
      buses: [{ id: 'MV-1', subnet: null, inService: true }],
      lines: [{ g_uS: 0, lengthKm: null }],
      transformers: [{ parallel: 1, tapKind: 'ratio', tapPosition: 0, loadingFactor: 1 }],
      externalGrids: [{ bus: 'MV-1', va_degree: 0 }],
      shunts: []
    }
  })
})
