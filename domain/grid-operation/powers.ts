/**
 * The powers that a session is calculated with (DTP-PF-07): of registered PoDs their baseline of the day type, of the rest
 * the forecast that was learned from measurements, else the profile that came with the network, else its rated power; and
 * on top what earlier sessions of the day have made final.
 *
 * Each element is said to be of one basis, and the counts stand in the assessment: nobody takes a guess for a forecast.
 * A baseline is the net withdrawal at the PoD: it stands on the PoD's first element, the others of the PoD count as 0.
 */
import { createHash } from 'node:crypto'
import type { ForecastBasis, GridPodNoted } from '../../schemas/generated.ts'
import { type LocalDay, localDay } from '../forecast/local-day.ts'
import { type ActiveService, applyServices, type BusOfPod } from '../grid/apply-services.ts'
import type { CompiledNetwork } from '../grid/compile-network.ts'
import type { Injector } from '../grid/network.ts'
import type { InjectorPowers, SlotPowers } from '../grid/power-flow.ts'
import { localDate, MTU_MS } from '../units/time.ts'
import type { ElementProfile, ReadVersion } from './network-version.ts'

export interface Window {
  readonly start: number
  readonly mtus: number
  readonly timeZone: string
}

/** A forecast of one element in the window, kW and kvar, in the sign of the element. */
export interface ElementForecast {
  readonly p_kW: ArrayLike<number>
  readonly q_kvar: ArrayLike<number>
  readonly basis: 'learned' | 'weather'
  /** The same as withdrawal, W and var, with its band. */
  readonly withdrawal: {
    readonly p: Float64Array
    readonly q: Float64Array
    readonly low: Float64Array
    readonly high: Float64Array
  }
}

/** By element; the sign is that of its withdrawal in the element's own sign. */
export type ForecastOf = (element: string, sign: 1 | -1) => ElementForecast | undefined

/** A forecast that the powers rest on. */
export interface UsedForecast {
  readonly element: string
  readonly kind: 'load' | 'generator' | 'storage'
  readonly withdrawal: ElementForecast['withdrawal']
}

export interface Powers {
  readonly slots: readonly SlotPowers[]
  readonly basis: ForecastBasis
  readonly forecasts: readonly UsedForecast[]
  readonly digest: string
}

export const powersOf = (
  { compiled, profiles, podPlaces }: ReadVersion,
  pods: ReadonlyMap<string, GridPodNoted>,
  forecastOf: ForecastOf,
  services: readonly ActiveService[],
  window: Window
): Powers => {
  const { network } = compiled
  const clock = clockOf(window)
  const basis = { registered: 0, learned: 0, weather: 0, profiled: 0, constant: 0, withoutBus: 0 }
  for (const pod of pods.keys()) if (!podPlaces.has(pod)) basis.withoutBus++
  const met = new Set<string>()
  const forecasts: UsedForecast[] = []
  const lists = (['loads', 'generators', 'storages'] as const).map(name => {
    const list = network[name]
    const slots = clock.map(
      (): InjectorPowers => ({
        p_kW: new Float64Array(list.length),
        q_kvar: new Float64Array(list.length)
      })
    )
    list.forEach((element, n) => {
      if (!element.inService) return
      const sign = name === 'generators' ? -1 : 1
      const noted = element.pod === undefined ? undefined : pods.get(element.pod)
      if (noted && hasBaseline(noted, clock)) {
        if (met.has(noted.pod)) return
        met.add(noted.pod)
        basis.registered++
        fillBaseline(noted, clock, sign, n, slots)
        return
      }
      const forecast = forecastOf(element.id, sign)
      if (forecast) forecasts.push({ element: element.id, kind: kindOf[name], withdrawal: forecast.withdrawal })
      basis[fillElement(element, forecast, profiles, clock, n, slots)]++
    })
    return { name, slots }
  })
  const applied = applyServices(compiled, busOfPod(podPlaces), services, window.mtus)
  const hash = createHash('sha256')
  const slots = Array.from({ length: window.mtus }, (_, slot): SlotPowers => {
    const powers: { loads?: InjectorPowers; generators?: InjectorPowers; storages?: InjectorPowers } = {}
    for (const { name, slots: each } of lists) {
      const one = each[slot]!
      hash.update(bytesOf(one.p_kW)).update(bytesOf(one.q_kvar))
      powers[name] = one
    }
    const injected = applied.injected[slot]
    if (injected) hash.update(bytesOf(injected.p_kW)).update(bytesOf(injected.q_kvar))
    return injected ? { ...powers, injected } : powers
  })
  return { slots, basis, forecasts, digest: hash.digest('hex') }
}

const kindOf = { loads: 'load', generators: 'generator', storages: 'storage' } as const

export const busOfPod = (podPlaces: ReadVersion['podPlaces']): BusOfPod =>
  new Map([...podPlaces].map(([pod, { bus }]) => [pod, bus]))

/** What the elements of each bus together withdraw in one slot; services are not counted. */
export const withdrawalAt = (
  { network, topology }: CompiledNetwork,
  powers: SlotPowers
): { readonly p_W: Float64Array; readonly q_var: Float64Array } => {
  const p_W = new Float64Array(network.buses.length)
  const q_var = new Float64Array(network.buses.length)
  for (const [name, sign] of signs)
    network[name].forEach((element, n) => {
      if (!element.inService) return
      const bus = topology.busIndex.get(element.bus)!
      p_W[bus]! += sign * 1000 * (powers[name]?.p_kW[n] ?? element.p_kW)
      q_var[bus]! += sign * 1000 * (powers[name]?.q_kvar[n] ?? element.q_kvar)
    })
  return { p_W, q_var }
}

const signs = [
  ['loads', 1],
  ['generators', -1],
  ['storages', 1]
] as const

interface ClockSlot {
  readonly day: LocalDay
  /** 0 … 95 on the clock. */
  readonly slot: number
}

/** For each quarter-hour of the window its day and its place on the clock. */
const clockOf = ({ start, mtus, timeZone }: Window): readonly ClockSlot[] => {
  const days = new Map<string, LocalDay>()
  return Array.from({ length: mtus }, (_, n): ClockSlot => {
    const at = start + n * MTU_MS
    const date = localDate(at, timeZone)
    let day = days.get(date)
    if (!day) {
      day = localDay(date, timeZone)
      days.set(date, day)
    }
    return { day, slot: day.slots[(at - day.start) / MTU_MS]! }
  })
}

const curveOf = ({ powerBaselineCurves }: GridPodNoted, { day }: ClockSlot) => powerBaselineCurves[day.type]

const hasBaseline = (noted: GridPodNoted, clock: readonly ClockSlot[]): boolean =>
  clock.every(slot => curveOf(noted, slot).length > 0)

const fillBaseline = (
  noted: GridPodNoted,
  clock: readonly ClockSlot[],
  sign: 1 | -1,
  at: number,
  slots: readonly InjectorPowers[]
): void =>
  clock.forEach((slot, n) => {
    const baseline = curveOf(noted, slot)[slot.slot]!
    slots[n]!.p_kW[at] = (sign * baseline.p) / 1000
    slots[n]!.q_kvar[at] = (sign * baseline.q) / 1000
  })

const fillElement = (
  { p_kW, q_kvar, profile }: Injector,
  forecast: ElementForecast | undefined,
  profiles: ReadonlyMap<string, ElementProfile>,
  clock: readonly ClockSlot[],
  at: number,
  slots: readonly InjectorPowers[]
): 'learned' | 'weather' | 'profiled' | 'constant' => {
  if (forecast) {
    slots.forEach((slot, n) => {
      slot.p_kW[at] = forecast.p_kW[n]!
      slot.q_kvar[at] = forecast.q_kvar[n]!
    })
    return forecast.basis
  }
  const shares = profile === undefined ? undefined : profiles.get(profile)
  clock.forEach(({ day, slot }, n) => {
    const typical = shares && (shares[day.type].length > 0 ? shares[day.type] : shares.workday)[slot]
    slots[n]!.p_kW[at] = p_kW * (typical?.p ?? 1)
    slots[n]!.q_kvar[at] = q_kvar * (typical?.q ?? 1)
  })
  return shares ? 'profiled' : 'constant'
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)
