/**
 * What a customer has, what it draws, and by how much it can be moved: in whole W and var, because that is what it registers
 * and what it does.
 */
import { type AssetKind, dayPowersOf, type Part } from './network/district.ts'
import type { Profiles } from './population.ts'

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
  upperQ: inverterQ(pv),
  downQ: -inverterQ(pv)
})

/** What can be moved in an MTU, W: upward mostly by waiting with charging and heating, downward by using or spilling sun. */
export const flexibility = (customer: Equipment, mtu: number): { readonly up: number; readonly down: number } => {
  const { curves, car, load } = customer
  const { upperP, downP } = band(customer)
  const up = 0.8 * (curves.car[mtu]! + curves.heatPump[mtu]!) + 0.15 * curves.load[mtu]!
  const down = 0.7 * curves.pv[mtu]! + 0.2 * car + 0.05 * load
  return { up: tens(Math.min(up, upperP)), down: tens(Math.min(down, -downP)) }
}

/** What the inverter of panels can give or take at any hour, var: it does not need the sun for that. */
const inverterQ = (pv: number): number => tens(0.3 * pv)

const tens = (watts: number): number => Math.floor(watts / 10) * 10
