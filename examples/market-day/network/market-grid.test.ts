import { readFileSync, statSync } from 'node:fs'
import t from 'tap'
import { checkNetwork } from '../../../domain/grid/check-network.ts'
import { compileNetwork } from '../../../domain/grid/compile-network.ts'
import { podPlacesOf } from '../../../domain/grid/hierarchy.ts'
import { powerFlow } from '../../../domain/grid/power-flow.ts'
import { profilesOfDay } from '../profiles/day-profiles.ts'
import { futureFile, readDistrict } from './district.ts'
import { gridDayOf, lossesFile, type MarketGrid, marketGridOf } from './market-grid.ts'
import { congestionFile, participation } from './participation.ts'

const MTUS = 96
const district = readDistrict()
const profiles = profilesOfDay('Europe/Rome')
const whole = marketGridOf(district, { pom: 'ALL', kept: new Set(district.lowVoltage), pods: new Map() })

const near = (value: number, expected: number, tolerance: number): boolean => {
  const isNear = Math.abs(value - expected) <= tolerance
  if (!isNear) t.comment(`${value}, expected ${expected}`)
  return isNear
}

const stateAt = (grid: MarketGrid, date: string, mtu: number) => {
  const day = gridDayOf(grid, date, MTUS, profiles)
  const { compiled } = compileNetwork(grid.network)
  if (compiled === undefined) throw new Error('the network has errors')
  const at = (list: typeof day.loads) => ({
    p_kW: Float64Array.from(list, ({ p_kW }) => p_kW[mtu]!),
    q_kvar: Float64Array.from(list, ({ q_kvar }) => q_kvar[mtu]!)
  })
  const state = powerFlow(compiled).solve({ loads: at(day.loads), generators: at(day.generators) })
  if (state.status === 'diverged') throw new Error('no solution')
  return state
}

// The figures of pandapower that came with the data; the profiles there have more digits.
t.test('the winter evening and the summer noon of the whole district are those of the source', async t => {
  const winter = stateAt(whole, '2016-01-05', 76)
  t.ok(near(Math.min(...winter.vm_pu), 0.8445733879, 3e-6))
  t.ok(near(winter.externalGrid_kW[0]!, 41_539.72, 1))
  const busiest = whole.network.transformers.findIndex(({ id }) => id === 'ALL-MV3-101-LV3-305-Trafo')
  t.ok(near(winter.transformers.loadingPercent[busiest]!, 150.129, 3e-3))
  const summer = stateAt(whole, '2016-07-23', 46)
  t.ok(near(Math.max(...summer.vm_pu), 1.085071208, 2e-3))
  // In summer some cars read a week of the next year, which begins on another weekday here: 2 %.
  t.ok(near(summer.externalGrid_kW[0]!, -30_735.85, 600))
})

t.test('low-voltage networks that are one load each change the voltage elsewhere by less than 0.0005 pu', async t => {
  const cut = marketGridOf(district, { pom: 'ALL', kept: new Set(['LV3.303']), pods: new Map() })
  const voltages = stateAt(whole, '2016-01-05', 76).vm_pu
  const ofBus = new Map(whole.network.buses.map(({ id }, n) => [id, voltages[n]!]))
  const differences = [...stateAt(cut, '2016-01-05', 76).vm_pu].map((vm, n) =>
    Math.abs(vm - ofBus.get(cut.network.buses[n]!.id)!)
  )
  t.ok(Math.max(...differences) < 0.0005, `${Math.max(...differences)}`)
  t.equal(cut.network.loads.length, 118 + 6 + 132)
})

t.test('T-51: every point of delivery stands at a substation and a feeder whose names the market accepts', async t => {
  for (const count of [12, 100]) {
    for (const { pom, kept, loads } of participation(district, count)) {
      const pods = new Map(loads.map((load, n) => [load, `POD-${n}`]))
      const { network } = marketGridOf(district, { pom, kept, pods })
      t.strictSame(checkNetwork(network), [])
      const places = podPlacesOf(network)
      t.equal(places.size, count)
      for (const place of places.values()) {
        t.equal(place.primarySubstation, pom)
        for (const name of [place.feeder, place.secondarySubstation]) t.match(name, /^[A-Za-z0-9_-]{1,40}$/)
      }
    }
  }
})

t.test('as many take part as were asked for, each once, the same ones first, and many need several areas', async t => {
  const twelve = participation(district, 12)
  t.equal(twelve.length, 1)
  t.equal(twelve[0]!.kept.size, 1)
  for (const count of [1, 12, 100, 1_500, 5_001]) {
    const areas = participation(district, count)
    t.equal(areas.length, Math.ceil(count / 2_500))
    t.equal(
      areas.reduce((sum, { loads }) => sum + new Set(loads).size, 0),
      count
    )
    t.strictSame(participation(district, count), areas)
  }
  t.strictSame(
    participation(district, 5_001).map(({ pom }) => pom),
    ['ROMA01', 'ROMA02', 'ROMA03']
  )
})

t.test('the files stay below 100 kB and carry their licence line', async t => {
  const bytes = [futureFile, lossesFile, congestionFile].map(file => statSync(file).size)
  t.ok(
    bytes.every(size => size < 100_000),
    `${bytes} bytes`
  )
  t.match(readFileSync(new URL('ATTRIBUTION.md', import.meta.url), 'utf8'), 'Contains data derived from SimBench')
})
