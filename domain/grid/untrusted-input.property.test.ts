/** Files come from anywhere: whatever is in them is answered with problems or a network, never with a crash. */
import fc from 'fast-check'
import t from 'tap'
import { compileNetwork } from './compile-network.ts'
import { placesOf } from './hierarchy.ts'
import { levelsOf, solveLevels } from './levels.ts'
import type { Network } from './network.ts'
import { parseNetwork } from './network-file.ts'
import { hasErrors } from './network-problem.ts'
import { aNetwork, aSwitch, radialNetwork, runs } from './networks.fixtures.ts'
import { isPandapowerJson, parsePandapower } from './pandapower-file.ts'
import { powerFlow } from './power-flow.ts'
import { parseSlots } from './slots-file.ts'

const json = fc.jsonValue({ maxDepth: 4 })

t.test('any JSON is a network or a list of problems', async () => {
  const document = fc.oneof(
    json,
    fc.record({ buses: json, lines: json, loads: json, externalGrid: json, switches: json, transformers: json }),
    fc.record({ buses: fc.array(fc.record({ id: json, kV: json })), lines: fc.array(json) })
  )
  fc.assert(
    fc.property(document, value => {
      const { network, problems } = parseNetwork(value)
      return (network === undefined) === hasErrors(problems)
    }),
    runs(500)
  )
})

t.test('any JSON in place of the tables of pandapower, and of slots, is answered with problems', async () => {
  const table = fc.oneof(json, fc.record({ _object: fc.oneof(json, fc.string()) }))
  const tables = fc.dictionary(
    fc.constantFrom('bus', 'line', 'trafo', 'switch', 'load', 'ext_grid', 'gen', 'shunt'),
    table
  )
  fc.assert(
    fc.property(tables, json, (inside, slots) => {
      const value = { _class: 'pandapowerNet', _object: inside }
      const read = isPandapowerJson(value) ? parsePandapower(value) : undefined
      const { slots: found, problems } = parseSlots(slots, aNetwork())
      return (
        (read?.network === undefined) === hasErrors(read?.problems ?? []) &&
        (found === undefined) === problems.length > 0
      )
    }),
    runs(300)
  )
})

/** Ids that are gone, double or swapped, and switches anywhere. */
const spoiled = fc
  .tuple(
    radialNetwork,
    fc.array(fc.tuple(fc.constantFrom('bus', 'line', 'transformer'), fc.nat(60), fc.nat(60), fc.boolean()), {
      maxLength: 12
    }),
    fc.array(fc.tuple(fc.constantFrom('buses', 'lines', 'loads', 'externalGrids'), fc.nat(60)), { maxLength: 3 })
  )
  .map(([network, switches, gone]): Network => {
    const ids = { bus: network.buses, line: network.lines, transformer: network.transformers } as const
    const kept = (list: string, at: number): boolean => !gone.some(([name, place]) => name === list && place === at)
    const without = {
      ...network,
      buses: network.buses.filter((_, n) => kept('buses', n)),
      lines: network.lines.filter((_, n) => kept('lines', n)),
      loads: network.loads.filter((_, n) => kept('loads', n)),
      externalGrids: network.externalGrids.filter((_, n) => kept('externalGrids', n))
    }
    return {
      ...without,
      switches: switches.flatMap(([elementType, at, to, closed], n) => {
        const list = ids[elementType]
        const bus = network.buses[at % network.buses.length]!.id
        const element = list[to % Math.max(1, list.length)]?.id
        return element === undefined ? [] : [aSwitch(bus, element, { id: String(n), elementType, closed })]
      })
    }
  })

t.test('a spoiled network is refused with its errors, or solved with a voltage or none at every bus', async t => {
  let solved = 0
  let refused = 0
  fc.assert(
    fc.property(spoiled, network => {
      placesOf(network)
      const { compiled, problems } = compileNetwork(network)
      if (compiled === undefined) {
        refused++
        return hasErrors(problems)
      }
      const state = powerFlow(compiled).solve()
      if (state.status === 'diverged') return true
      solved++
      const levels = solveLevels(levelsOf(network))
      const hasIsland = problems.some(({ code }) => code === 'island')
      const isDead = state.vm_pu.some(Number.isNaN)
      return (
        levels.status !== 'refused' &&
        isDead === hasIsland &&
        state.vm_pu.every(v => Number.isNaN(v) || (v > 0.3 && v < 2))
      )
    }),
    runs(300)
  )
  t.ok(solved > 5 && refused > 20, `${solved} solved, ${refused} refused`)
})
