/**
 * The customers of the example: homes and businesses of the district (network/), each with its real load and, where it has
 * them, car, heat pump and panels. Where they live is given by participation.ts, congested places first; the seed decides who
 * has which aggregator, price and habits. The same seed and number give the same customers.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { placesOf } from '../../domain/grid/hierarchy.ts'
import { type AssetKind, dayPowersOf, isHousehold, type Part, readDistrict } from './network/district.ts'
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

/** What a home or business has: ratings in W (0 = has none), and W and var per MTU of the day. */
export interface Equipment {
  readonly load: number
  readonly car: number
  readonly heatPump: number
  readonly pv: number
  readonly curves: {
    readonly load: readonly number[]
    readonly car: readonly number[]
    readonly heatPump: readonly number[]
    /** Injection. */
    readonly pv: readonly number[]
    /** Withdrawal of all of it, var. */
    readonly reactive: readonly number[]
  }
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

/** In whole W and var: what the customer registers is what it does. */
export const equipmentOf = (parts: readonly Part[], date: string, mtus: number, profiles: Profiles): Equipment => {
  const of = (kind: 'load' | AssetKind) => {
    const own = parts.filter(part => part.kind === kind)
    const { p_kW } = dayPowersOf(own, date, mtus, profiles)
    return {
      rating: Math.round(own.reduce((sum, part) => sum + Math.abs(part.p_kW), 0) * 1_000),
      watts: Array.from(p_kW, value => Math.round(Math.abs(value) * 1_000))
    }
  }
  const [load, car, heatPump, pv] = [of('load'), of('car'), of('heatPump'), of('pv')]
  return {
    load: load.rating,
    car: car.rating,
    heatPump: heatPump.rating,
    pv: pv.rating,
    curves: {
      load: load.watts,
      car: car.watts,
      heatPump: heatPump.watts,
      pv: pv.watts,
      reactive: Array.from(dayPowersOf(parts, date, mtus, profiles).q_kvar, value => Math.round(value * 1_000))
    }
  }
}

/** Net withdrawal of a customer in an MTU, W. */
export const netLoad = ({ curves }: Equipment, mtu: number): number =>
  curves.load[mtu]! + curves.car[mtu]! + curves.heatPump[mtu]! - curves.pv[mtu]!

/** How far a customer may be moved at all, W. */
export const band = ({ load, car, heatPump, pv }: Equipment) => ({
  upperP: Math.floor(0.9 * (car + heatPump) + 0.3 * load),
  downP: -Math.floor(0.8 * pv + 0.5 * car + 0.1 * load),
  upperQ: Math.floor(0.3 * pv + 0.1 * load),
  downQ: -Math.floor(0.3 * pv + 0.1 * load)
})

/** What can be moved in an MTU, W: upward mostly by waiting with charging and heating, downward by using or spilling sun. */
export const flexibility = (customer: Equipment, mtu: number): { readonly up: number; readonly down: number } => {
  const { curves, car, load } = customer
  const { upperP, downP } = band(customer)
  const up = 0.8 * (curves.car[mtu]! + curves.heatPump[mtu]!) + 0.15 * curves.load[mtu]!
  const down = 0.7 * curves.pv[mtu]! + 0.2 * car + 0.05 * load
  return { up: tens(Math.min(up, upperP)), down: tens(Math.min(down, -downP)) }
}

const tens = (watts: number): number => Math.floor(watts / 10) * 10
