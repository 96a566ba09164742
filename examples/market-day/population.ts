/**
 * The customers of the example: households and businesses with the real load, car, heat-pump and PV profiles beside this
 * file, spread over secondary substations, feeders and primary substations. The seed decides who has what; the same seed and
 * number give the same customers.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** Per unit of rating, one value per MTU of a local day; withdrawal positive. */
export interface DayCurve {
  readonly p: readonly number[]
  readonly q: readonly number[]
}

export interface Profiles {
  /** Ids of a family. */
  ids(family: 'household' | 'business' | 'car' | 'heatPump' | 'pv'): readonly string[]
  /** `shiftWeeks` reads the same weekday some weeks later: one charger's year serves for many chargers. */
  curve(id: string, date: string, shiftWeeks: number): DayCurve
}

export interface Customer {
  readonly pod: string
  readonly aggregator: string
  readonly pom: string
  readonly feeder: string
  readonly substation: string
  readonly business: boolean
  readonly discrete: boolean
  /** Ratings, W; 0 = has none. */
  readonly load: number
  readonly car: number
  readonly heatPump: number
  readonly pv: number
  /** W and var per MTU of the day. */
  readonly curves: {
    readonly load: number[]
    readonly loadQ: number[]
    readonly car: number[]
    readonly heatPump: number[]
    readonly pv: number[]
  }
  /** µ€ per kWh, the first step of its offers. */
  readonly price: number
  /** A number in [0, 1) of its own, for choices later in the day. */
  readonly luck: number
}

export const aggregators = ['ACEAE', 'EGEOE'] as const
export const dsoId = 'ARETI'
export const tsoId = 'TERNA'

/** Customers of one primary substation; a city has some dozens of them. */
const PODS_PER_POM = 2_500
const FEEDERS_PER_POM = 4
const PODS_PER_SUBSTATION = 15

export const makePopulation = (count: number, seed: number, date: string, profiles: Profiles): Customer[] => {
  const random = xoroshiro128plus(seed)
  const draw = (): number => uniformFloat64(random)
  const between = (least: number, most: number, step: number): number =>
    least + Math.floor((draw() * (most - least)) / step) * step
  const pick = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)]!
  const watts = (family: Parameters<Profiles['ids']>[0], rating: number) => {
    const { p, q } = profiles.curve(pick(profiles.ids(family)), date, Math.floor(draw() * 20))
    return rating === 0
      ? { p: p.map(() => 0), q: q.map(() => 0) }
      : { p: p.map(value => Math.round(value * rating)), q: q.map(value => Math.round(value * rating * 0.3)) }
  }

  return Array.from({ length: count }, (_, n): Customer => {
    const pomNumber = Math.floor(n / PODS_PER_POM) + 1
    const within = n % PODS_PER_POM
    const feeder = within % FEEDERS_PER_POM
    const substation = Math.floor(within / FEEDERS_PER_POM / PODS_PER_SUBSTATION)
    const business = draw() < 0.2
    const load = business ? between(5_000, 30_000, 500) : between(2_000, 6_000, 500)
    const car = draw() < 0.45 ? pick([3_700, 7_400, 11_000]) : 0
    const heatPump = draw() < 0.4 ? between(3_000, 6_000, 500) : 0
    const pv = draw() < 0.45 ? (business ? between(10_000, 60_000, 1_000) : between(3_000, 10_000, 500)) : 0
    const loadCurve = watts(business ? 'business' : 'household', load)
    return {
      pod: `IT002E${String(n + 1).padStart(8, '0')}`,
      aggregator: draw() < 0.6 ? aggregators[0] : aggregators[1],
      pom: `ROMA${String(pomNumber).padStart(2, '0')}`,
      feeder: `ROMA${String(pomNumber).padStart(2, '0')}-F${feeder + 1}`,
      substation: `ROMA${String(pomNumber).padStart(2, '0')}-F${feeder + 1}-S${substation + 1}`,
      business,
      discrete: draw() < 0.05,
      load,
      car,
      heatPump,
      pv,
      curves: {
        load: loadCurve.p,
        loadQ: loadCurve.q,
        car: watts('car', car).p,
        heatPump: watts('heatPump', heatPump).p,
        pv: watts('pv', pv).p
      },
      price: between(150_000, 450_000, 1_000),
      luck: draw()
    }
  })
}

/** Net withdrawal of a customer in an MTU, W. */
export const netLoad = ({ curves }: Customer, mtu: number): number =>
  curves.load[mtu]! + curves.car[mtu]! + curves.heatPump[mtu]! - curves.pv[mtu]!

/** How far a customer may be moved at all, W. */
export const band = ({ load, car, heatPump, pv }: Customer) => ({
  upperP: Math.floor(0.9 * (car + heatPump) + 0.3 * load),
  downP: -Math.floor(0.8 * pv + 0.5 * car + 0.1 * load),
  upperQ: Math.floor(0.3 * pv + 0.1 * load),
  downQ: -Math.floor(0.3 * pv + 0.1 * load)
})

/** What can be moved in an MTU, W: upward mostly by waiting with charging and heating, downward by using or spilling sun. */
export const flexibility = (customer: Customer, mtu: number): { readonly up: number; readonly down: number } => {
  const { curves, car, load } = customer
  const { upperP, downP } = band(customer)
  const up = 0.8 * (curves.car[mtu]! + curves.heatPump[mtu]!) + 0.15 * curves.load[mtu]!
  const down = 0.7 * curves.pv[mtu]! + 0.2 * car + 0.05 * load
  return { up: tens(Math.min(up, upperP)), down: tens(Math.min(down, -downP)) }
}

const tens = (watts: number): number => Math.floor(watts / 10) * 10
