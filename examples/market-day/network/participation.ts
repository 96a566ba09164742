/**
 * Who takes part when so many points of delivery do: the low-voltage network with the worst congestion
 * that so many can cure, then the next one that the rest can cure (congestion.csv, written by make.ts); then more of their
 * neighbours, then the other networks one after another, at last those that their own homes can't cure. What does not fit into one market area makes another one beside it.
 *
 * Promises: the same number gives the same places, whatever the seed and the day.
 */
import { readFileSync } from 'node:fs'
import { type District, isHousehold, lowVoltageNetworkOf } from './district.ts'

/** Worst first: overloaded transformers before voltages, those that need most homes first. */
export interface Congested {
  readonly lowVoltageNetwork: string
  /** Its transformer is, not only its voltages. */
  readonly overloaded: boolean
  /** How many of its homes, in the order of `homes`, can cure it with what they offer; null: not even all of them. */
  readonly need: number | null
  /** Places of its homes among its loads in the district's list: lowest voltage of the winter day first. */
  readonly homes: readonly number[]
}

export interface Participants {
  readonly pom: string
  readonly kept: ReadonlySet<string>
  /** The district's ids. */
  readonly loads: readonly string[]
}

/**
 * A primary substation's market: sessions of this size are what one partition clears in a moment; a city has some dozens of
 * substations.
 */
export const PODS_PER_AREA_MAX = 2_500

/** The market pays for choice: half as many again as could just do it. */
const SPARE = 1.5

export const congestionFile = new URL('congestion.csv', import.meta.url)

export const participation = (district: District, count: number): readonly Participants[] => {
  const congested = readCongested()
  const areas: Participants[] = []
  for (let left = count; left > 0; left -= PODS_PER_AREA_MAX) {
    const pom = `ROMA${String(areas.length + 1).padStart(2, '0')}`
    areas.push({ pom, ...participantsOf(district, Math.min(left, PODS_PER_AREA_MAX), congested) })
  }
  return areas
}

const readCongested = (): readonly Congested[] =>
  readFileSync(congestionFile, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map(line => {
      const [lowVoltageNetwork = '', overloaded, need, homes = ''] = line.split(',')
      return {
        lowVoltageNetwork,
        overloaded: overloaded === 'true',
        need: need === '' ? null : Number(need),
        homes: homes.split(' ').map(Number)
      }
    })

const participantsOf = (
  district: District,
  count: number,
  congested: readonly Congested[]
): Omit<Participants, 'pom'> => {
  const loadsOf = Map.groupBy(district.network.loads, ({ bus }) => lowVoltageNetworkOf(bus) ?? '')
  const homesIn = ({ lowVoltageNetwork, homes }: Congested): string[] =>
    homes.map(n => loadsOf.get(lowVoltageNetwork)![n]!.id)
  const opened: { readonly low: string; readonly homes: readonly string[]; readonly enough: number }[] = []
  let left = count
  for (const one of congested) {
    if (one.need === null) continue
    const enough = Math.min(one.homes.length, Math.ceil(SPARE * one.need))
    if (enough > left) continue
    opened.push({ low: one.lowVoltageNetwork, homes: homesIn(one), enough })
    left -= enough
  }
  const first = opened.flatMap(({ homes, enough }) => homes.slice(0, enough))
  const neighbours = opened.flatMap(({ homes, enough }) => homes.slice(enough))
  const incurable = congested.flatMap(({ need, lowVoltageNetwork }) => (need === null ? [lowVoltageNetwork] : []))
  const rest = [...district.lowVoltage.filter(low => !incurable.includes(low)), ...incurable]
  const order = new Set([...first, ...neighbours])
  for (const low of [...opened.map(({ low }) => low), ...rest]) {
    if (order.size >= count) break
    for (const { id, profile } of loadsOf.get(low)!) if (isHousehold(profile)) order.add(id)
    for (const { id } of loadsOf.get(low)!) order.add(id)
  }
  const loads = [...order].slice(0, count)
  const chosen = new Set(loads)
  const kept = new Set(
    [...loadsOf].flatMap(([low, list]) => (low !== '' && list.some(({ id }) => chosen.has(id)) ? [low] : []))
  )
  return { kept, loads }
}
