/**
 * Writes the data of this folder from the SimBench district of the future: which homes have a car charger, a heat pump or
 * panels (future.json.gz); what each low-voltage network loses (losses.csv); which of them break their limits on the winter
 * or the summer day, and how many of their homes can cure them (congestion.csv).
 *
 *   node examples/market-day/network/make.ts FILE     FILE is district.future.json.gz
 *
 * Promises: the same bytes from the same source.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import { compileNetwork } from '../../../domain/grid/compile-network.ts'
import { powerFlow } from '../../../domain/grid/power-flow.ts'
import { equipmentOf, flexibility } from '../equipment.ts'
import { profilesOfDay } from '../profiles/day-profiles.ts'
import {
  type AssetKind,
  type AssetRow,
  dayPowersOf,
  futureFile,
  isHousehold,
  lowVoltageNetworkOf,
  partOf,
  readDistrict
} from './district.ts'
import { gridDayOf, type Losses, lossesFile, marketGridOf } from './market-grid.ts'
import { type Congested, congestionFile } from './participation.ts'
import { checkDay } from './power-check.ts'

interface FutureAsset {
  readonly load: string
  readonly kind: AssetKind
  readonly rated_kW: number
  readonly profile: string
  readonly shiftSlots: number
}

const MTUS = 96
const SLOTS_PER_WEEK = 7 * MTUS
const POM = 'DISTRICT'
const winter = { date: '2016-01-05', direction: 'up' } as const
const summer = { date: '2016-07-23', direction: 'down' } as const

const [source] = process.argv.slice(2)
if (source === undefined) throw new Error('usage: node examples/market-day/network/make.ts FILE')
const { assets }: { readonly assets: readonly FutureAsset[] } = JSON.parse(
  gunzipSync(readFileSync(source)).toString('utf8')
)
const rows: Record<string, AssetRow[]> = {}
for (const { load, kind, rated_kW, profile, shiftSlots } of assets) {
  rows[load] ??= []
  rows[load].push([kind, rated_kW, profile, shiftSlots / SLOTS_PER_WEEK])
}
writeFileSync(futureFile, gzipSync(JSON.stringify(rows), { level: 9 }))

const district = readDistrict()
const profiles = profilesOfDay('Europe/Rome')
const loadsOf = Map.groupBy(district.network.loads, ({ bus }) => lowVoltageNetworkOf(bus) ?? '')

/** Of the whole district on the winter day: the lowest voltage at every bus, and what flows into every transformer. */
const wholeDay = () => {
  const whole = marketGridOf(district, { pom: POM, kept: new Set(district.lowVoltage), pods: new Map() })
  const day = gridDayOf(whole, winter.date, MTUS, profiles)
  const { compiled } = compileNetwork(whole.network)
  if (compiled === undefined) throw new Error('the district has errors')
  const flow = powerFlow(compiled)
  const lowest = new Float64Array(whole.network.buses.length).fill(Number.POSITIVE_INFINITY)
  const flows = Array.from({ length: MTUS }, (_, mtu) => {
    const at = (list: typeof day.loads) => ({
      p_kW: Float64Array.from(list, ({ p_kW }) => p_kW[mtu]!),
      q_kvar: Float64Array.from(list, ({ q_kvar }) => q_kvar[mtu]!)
    })
    const state = flow.solve({ loads: at(day.loads), generators: at(day.generators) })
    if (state.status === 'diverged') throw new Error(`no solution in quarter-hour ${mtu}`)
    state.vm_pu.forEach((vm, bus) => {
      lowest[bus] = Math.min(lowest[bus]!, vm)
    })
    return { p_kW: state.transformers.pFrom_kW.slice(), q_kvar: state.transformers.qFrom_kvar.slice() }
  })
  // The area's names of buses are not the district's; the order is.
  return { lowest: new Map(district.network.buses.map(({ id }, bus) => [id, lowest[bus]!])), flows }
}

const { lowest, flows } = wholeDay()

/** Least squares of y = a + b·x. */
const fitted = (x: readonly number[], y: readonly number[]): readonly [number, number] => {
  const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length
  const [xMean, yMean] = [mean(x), mean(y)]
  const slope =
    mean(x.map((value, n) => (value - xMean) * (y[n]! - yMean))) / mean(x.map(value => (value - xMean) ** 2))
  return [yMean - slope * xMean, slope]
}

const lossesAt = (low: string): Losses => {
  const transformer = district.network.transformers.findIndex(
    ({ lowVoltageBus }) => lowVoltageNetworkOf(lowVoltageBus) === low
  )
  const parts = [
    ...loadsOf.get(low)!.flatMap(({ id }) => district.partsOf.get(id)!),
    ...district.network.generators.flatMap(one => (lowVoltageNetworkOf(one.bus) === low ? [partOf(one, -1)] : []))
  ]
  const { p_kW, q_kvar } = dayPowersOf(parts, winter.date, MTUS, profiles)
  const squares = Array.from(p_kW, (p, mtu) => p * p + q_kvar[mtu]! * q_kvar[mtu]!)
  const [kW, kWPerkVA2] = fitted(
    squares,
    flows.map((flow, mtu) => flow.p_kW[transformer]! - p_kW[mtu]!)
  )
  const [kvar, kvarPerkVA2] = fitted(
    squares,
    flows.map((flow, mtu) => flow.q_kvar[transformer]! - q_kvar[mtu]!)
  )
  const short = (value: number): number => Number(value.toPrecision(4))
  return [short(kW), short(kvar), short(kWPerkVA2), short(kvarPerkVA2)]
}

const losses = district.lowVoltage.map(low => [low, ...lossesAt(low)].join(','))
writeFileSync(lossesFile, `network,kW,kvar,kWPerkVA2,kvarPerkVA2\n${losses.join('\n')}\n`)

const congestedAt = (low: string): Congested | undefined => {
  const loads = loadsOf.get(low)!
  const homes = loads
    .map((load, n) => ({ load, n, lowest: lowest.get(load.bus)! }))
    .filter(({ load }) => isHousehold(load.profile) && district.partsOf.get(load.id)!.length > 1)
    .sort((a, b) => a.lowest - b.lowest || a.n - b.n)
  const pods = new Map(homes.map(({ load }) => [load.id, load.id]))
  const grid = marketGridOf(district, { pom: POM, kept: new Set([low]), pods })
  const broken = (date: string, direction: 'up' | 'down', movers: number): number => {
    const day = gridDayOf(grid, date, MTUS, profiles)
    const moved = new Map(
      homes.slice(0, movers).map(({ load }) => {
        const equipment = equipmentOf(district.partsOf.get(load.id)!, date, MTUS, profiles)
        const sign = direction === 'up' ? 1 : -1
        const p = Float64Array.from({ length: MTUS }, (_, mtu) => sign * flexibility(equipment, mtu)[direction])
        return [load.id, { p, q: new Float64Array(MTUS) }]
      })
    )
    // Everybody moved all day would break other limits than the ones to be cured: only quarter-hours broken before count.
    const before = checkDay(grid, day, MTUS).mtus.map(one => one?.length !== 0)
    return checkDay(grid, day, MTUS, moved).mtus.filter((one, mtu) => before[mtu] && one?.length !== 0).length
  }
  const days = [winter, summer].filter(({ date, direction }) => broken(date, direction, 0) > 0)
  if (days.length === 0) return undefined
  const cures = (movers: number): boolean => days.every(({ date, direction }) => broken(date, direction, movers) === 0)
  const overloaded = days.some(({ date }) =>
    checkDay(grid, gridDayOf(grid, date, MTUS, profiles), MTUS).mtus.some(one =>
      one?.some(({ kind }) => kind === 'transformer-overload')
    )
  )
  const sorted = { lowVoltageNetwork: low, overloaded, homes: homes.map(({ n }) => n) }
  if (!cures(homes.length)) {
    process.stderr.write(`${low}: its ${homes.length} homes cannot cure it\n`)
    return { ...sorted, need: null }
  }
  let [least, most] = [1, homes.length]
  while (least < most) {
    const middle = Math.floor((least + most) / 2)
    if (cures(middle)) most = middle
    else least = middle + 1
  }
  process.stderr.write(`${low}: ${most} of ${homes.length} homes (${days.map(({ date }) => date).join(', ')})\n`)
  return { ...sorted, need: most }
}

const congested = district.lowVoltage
  .flatMap(low => congestedAt(low) ?? [])
  .sort(
    (a, b) =>
      Number(b.overloaded) - Number(a.overloaded) ||
      (b.need ?? 0) - (a.need ?? 0) ||
      (a.lowVoltageNetwork < b.lowVoltageNetwork ? -1 : 1)
  )
const lines = congested.map(({ lowVoltageNetwork, overloaded, need, homes }) =>
  [lowVoltageNetwork, overloaded, need ?? '', homes.join(' ')].join(',')
)
writeFileSync(congestionFile, `network,overloaded,need,homes\n${lines.join('\n')}\n`)
