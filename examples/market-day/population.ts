/**
 * The customers of the example: homes and businesses of the district (network/), each with its real load and, where it has
 * them, car, heat pump and panels. Where they live is given by participation.ts, congested places first; the seed decides who
 * has which aggregator, price and habits. The same seed and number give the same customers.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { placesOf } from '../../domain/grid/hierarchy.ts'
import { type Equipment, equipmentOf } from './equipment.ts'
import { isHousehold, readDistrict } from './network/district.ts'
import { elementId, type MarketGrid, marketGridOf } from './network/market-grid.ts'
import { participation } from './network/participation.ts'

/** Per unit of rating, one value per MTU of a local day. */
export interface DayCurve {
  readonly p: readonly number[]
  readonly q: readonly number[]
}

export interface Profiles {
  /** `weeksLater` reads the same weekday some weeks later: one charger's year serves for many chargers. */
  curve(id: string, date: string, weeksLater: number): DayCurve
}

export interface Customer extends Equipment {
  readonly pod: string
  readonly aggregator: string
  readonly pom: string
  readonly feeder: string
  readonly substation: string
  readonly business: boolean
  readonly discrete: boolean
  /** µ€ per kWh, the first step of its offers. */
  readonly price: number
  /** A number in [0, 1) of its own, for choices later in the day. */
  readonly luck: number
}

export interface Population {
  readonly customers: readonly Customer[]
  /** One for each market area, in the order of their names. */
  readonly grids: readonly MarketGrid[]
}

export const aggregators = ['ACEAE', 'EGEOE'] as const
export const dsoId = 'ARETI'
export const tsoId = 'TERNA'

export const makePopulation = (
  count: number,
  seed: number,
  date: string,
  mtus: number,
  profiles: Profiles
): Population => {
  const random = xoroshiro128plus(seed)
  const draw = (): number => uniformFloat64(random)
  const district = readDistrict()
  const customers: Customer[] = []
  const grids = participation(district, count).map(({ pom, kept, loads }): MarketGrid => {
    const pods = new Map(loads.map((load, n) => [load, podCode(customers.length + n)]))
    const grid = marketGridOf(district, { pom, kept, pods })
    const places = placesOf(grid.network)
    const placeOfBus = new Map(grid.network.buses.map(({ id }, n) => [id, places[n]!]))
    const busOf = new Map(grid.network.loads.map(({ id, bus }) => [id, bus]))
    for (const load of loads) {
      const parts = district.partsOf.get(load)!
      const place = placeOfBus.get(busOf.get(elementId(pom, load))!)!
      if (place.feeder === undefined || place.secondarySubstation === undefined)
        throw new Error(`${load} hangs on no feeder`)
      customers.push({
        pod: pods.get(load)!,
        pom,
        feeder: place.feeder,
        substation: place.secondarySubstation,
        business: !isHousehold(parts[0]!.profile),
        ...equipmentOf(parts, date, mtus, profiles),
        aggregator: draw() < 0.6 ? aggregators[0] : aggregators[1],
        discrete: draw() < 0.05,
        price: 150_000 + Math.floor(draw() * 300) * 1_000,
        luck: draw()
      })
    }
    return grid
  })
  return { customers, grids }
}

const podCode = (n: number): string => `IT002E${String(n + 1).padStart(8, '0')}`
