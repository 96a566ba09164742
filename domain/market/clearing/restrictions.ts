/**
 * The rules that merit order leaves out, added only where a result breaks them.
 *
 * A result of the relaxed book that keeps every rule is optimal for the full book. So clearing starts without these four
 * rules, and `restrict` adds those that were broken, MTU by MTU; offers under a restriction are *restricted*: the
 * mixed-integer programme decides them step by step, and merit order decides the rest around them.
 */
import { type Compiled, marketCount, roomOf } from './compiled-book.ts'
import type { Grants } from './grants.ts'
import { intervalAtMtu, intervalOfSteps, stepsOf } from './offer-steps.ts'

export type Restriction =
  | { readonly rule: 'min-acceptance'; readonly offer: number; readonly mtu: number }
  | { readonly rule: 'room'; readonly unit: number; readonly market: number; readonly mtu: number }
  /** `pair` 0 = P, 1 = Q. */
  | { readonly rule: 'one-direction'; readonly unit: number; readonly pair: number; readonly mtu: number }
  | { readonly rule: 'one-side'; readonly unit: number; readonly mtu: number }

export interface Restrictions {
  readonly all: Map<string, Restriction>
  /** Single offers under a restriction, by slice (`mtu × 4 + market`). */
  readonly offers: Map<number, Set<number>>
  /** Slices where merit order proves nothing: the programme decides all their offers. */
  readonly explicit: Map<number, ReadonlySet<number>>
}

export const noRestrictions = (): Restrictions => ({ all: new Map(), offers: new Map(), explicit: new Map() })

/** The single offers that the programme decides in a slice. */
export const programmed = (restrictions: Restrictions, slice: number): ReadonlySet<number> | undefined =>
  restrictions.explicit.get(slice) ?? restrictions.offers.get(slice)

const keyOf = (restriction: Restriction): string => {
  switch (restriction.rule) {
    case 'min-acceptance':
      return `m${restriction.offer} ${restriction.mtu}`
    case 'room':
      return `r${restriction.unit} ${restriction.market} ${restriction.mtu}`
    case 'one-direction':
      return `d${restriction.unit} ${restriction.pair} ${restriction.mtu}`
    case 'one-side':
      return `s${restriction.unit} ${restriction.mtu}`
  }
}

/** The markets whose slices a restriction ties together. */
export const marketsOf = (compiled: Compiled, restriction: Restriction): readonly number[] => {
  switch (restriction.rule) {
    case 'min-acceptance':
      return [compiled.offerMarket[restriction.offer]!]
    case 'room':
      return [restriction.market]
    case 'one-direction':
      return [restriction.pair * 2, restriction.pair * 2 + 1]
    case 'one-side':
      return [0, 1, 2, 3]
  }
}

/** Returns false if it was there already. */
export const restrict = (compiled: Compiled, restrictions: Restrictions, restriction: Restriction): boolean => {
  const key = keyOf(restriction)
  if (restrictions.all.has(key)) return false
  restrictions.all.set(key, restriction)
  for (const market of marketsOf(compiled, restriction)) {
    const slice = restriction.mtu * marketCount + market
    const offers = restrictions.offers.get(slice) ?? new Set<number>()
    restrictions.offers.set(slice, offers)
    if (restriction.rule === 'min-acceptance') offers.add(restriction.offer)
    else
      for (const offer of compiled.offersOfUnit(restriction.unit, market))
        if (intervalAt(compiled, offer, restriction.mtu)) offers.add(offer)
  }
  return true
}

export const intervalAt = (compiled: Compiled, offer: number, mtu: number) => {
  const single = compiled.book.offers[offer]!
  if (single.kind === 'block') return undefined
  const columns = stepsOf(single)
  const at = intervalAtMtu(columns, mtu)
  return at < 0 ? undefined : intervalOfSteps(columns, at)
}

interface Use {
  unit: number
  /** By market: to the DSO, to the TSO. */
  readonly dso: Float64Array
  readonly tso: Float64Array
}

/** The rules that these grants break. */
export const brokenBy = (compiled: Compiled, grants: Grants): Restriction[] => {
  const { book, offerUnit, offerMarket, requestIsDso, hasMinAcceptance } = compiled
  const broken: Restriction[] = []
  const watched = book.units.map(
    (unit, u) => unit.caps !== undefined || book.rules.exclusivePerPod || isOfferedBothWays(compiled, u)
  )
  const uses = new Map<number, Use>()
  const accepted = new Map<number, number>()
  for (let g = 0; g < grants.count; g++) {
    const offer = grants.offer[g]!
    const mtu = grants.mtu[g]!
    const unit = offerUnit[offer]!
    if (hasMinAcceptance[offer]) {
      const key = offer * book.mtus + mtu
      accepted.set(key, (accepted.get(key) ?? 0) + grants.power[g]!)
    }
    if (!watched[unit]) continue
    const key = unit * book.mtus + mtu
    let use = uses.get(key)
    if (!use) {
      use = { unit, dso: new Float64Array(marketCount), tso: new Float64Array(marketCount) }
      uses.set(key, use)
    }
    const bySide = requestIsDso[grants.request[g]!] ? use.dso : use.tso
    bySide[offerMarket[offer]!]! += grants.power[g]!
  }
  for (const [key, power] of accepted) {
    const offer = Math.floor(key / book.mtus)
    const mtu = key % book.mtus
    if (power < intervalAt(compiled, offer, mtu)!.minAcceptance) broken.push({ rule: 'min-acceptance', offer, mtu })
  }
  for (const [key, { unit, dso, tso }] of uses) {
    const mtu = key % book.mtus
    const total = (market: number): number => dso[market]! + tso[market]!
    for (let market = 0; market < marketCount; market++)
      if (total(market) > roomOf(compiled, unit, market, mtu)) broken.push({ rule: 'room', unit, market, mtu })
    for (const pair of [0, 1])
      if (total(pair * 2) > 0 && total(pair * 2 + 1) > 0) broken.push({ rule: 'one-direction', unit, pair, mtu })
    if (book.rules.exclusivePerPod && dso.some(power => power > 0) && tso.some(power => power > 0))
      broken.push({ rule: 'one-side', unit, mtu })
  }
  return broken
}

const bothWays = new WeakMap<Compiled, Uint8Array>()
const isOfferedBothWays = (compiled: Compiled, unit: number): boolean => {
  let flags = bothWays.get(compiled)
  if (!flags) {
    const markets = new Uint8Array(compiled.book.units.length)
    for (let o = 0; o < compiled.offerUnit.length; o++)
      markets[compiled.offerUnit[o]!]! |= 1 << compiled.offerMarket[o]!
    flags = markets.map(mask => ((mask & 3) === 3 || (mask & 12) === 12 ? 1 : 0))
    bothWays.set(compiled, flags)
  }
  return flags[unit] === 1
}
