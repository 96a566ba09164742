/**
 * Checks an outcome against its book with nothing but the rules as they are stated: every quantity, room, block, side,
 * direction, price and sum. Used by tests and by whoever re-runs a clearing; says the first thing that is wrong.
 */

import { paymentOf } from './accepted-runs.ts'
import type { Allocation, Book, ClearingOutcome, Offer, Unit } from './book.ts'
import { demandAt, eligible } from './full-model.ts'

export const checkOutcome = (book: Book, outcome: ClearingOutcome): void => {
  const fail = (text: string): never => {
    throw new Error(`checkOutcome: ${text}`)
  }
  const units = new Map(book.units.map(unit => [unit.id, unit]))
  const requests = new Map(book.requests.map(request => [request.id, request]))
  const served = new Map<string, number>()
  const paid = new Map<string, number>()
  /** By unit and MTU: markets and sides in use. */
  const use = new Map<string, { unit: Unit; mtu: number; power: Map<string, number>; sides: Set<string> }>()
  if (outcome.offers.length !== book.offers.length || outcome.requests.length !== book.requests.length)
    fail('an outcome for each offer and each request, and no other')

  book.offers.forEach((offer, o) => {
    const { id, allocations, rank, reason } = outcome.offers[o]!
    if (id !== offer.id) fail(`outcome ${o} is of ${id}, not ${offer.id}`)
    if (allocations.length > 0 !== rank > 0 || rank > 0 === (reason !== undefined))
      fail(`${id}: rank and reason disagree`)
    const unit = units.get(offer.unit)!
    const perMtu = new Map<number, number>()
    for (const allocation of allocations)
      for (let t = allocation.mtu; t < allocation.mtu + allocation.mtus; t++) {
        const request = requests.get(allocation.requestId)!
        if (allocation.power <= 0 || !Number.isInteger(allocation.power)) fail(`${id}: power ${allocation.power}`)
        if (request.side !== allocation.side) fail(`${id}: side of ${request.id}`)
        if (!eligible(book, offer, unit, request, t, lowestBid(offer, t)))
          fail(`${id}: not eligible for ${request.id} in ${t}`)
        if (request.priceLimit !== undefined && allocation.price > request.priceLimit) fail(`${id}: above the limit`)
        perMtu.set(t, (perMtu.get(t) ?? 0) + allocation.power)
        add(served, `${request.id} ${t}`, allocation.power)
        add(paid, request.id, paymentOf(allocation.power, allocation.price))
        const key = `${unit.id} ${t}`
        const used = use.get(key) ?? { unit, mtu: t, power: new Map(), sides: new Set() }
        use.set(key, used)
        add(used.power, `${offer.quantity}_${offer.direction}`, allocation.power)
        used.sides.add(request.side)
      }
    checkVolume(offer, perMtu, fail)
    checkPaid(offer, allocations, fail)
  })

  for (const { unit, mtu, power, sides } of use.values()) {
    for (const [market, amount] of power) {
      const list = unit.caps?.[market as 'P_UP']
      if (list && amount > (list[mtu] ?? 0)) fail(`${unit.id}: ${amount} of ${list[mtu]} in ${mtu}`)
    }
    for (const quantity of ['P', 'Q'])
      if (power.has(`${quantity}_UP`) && power.has(`${quantity}_DOWN`)) fail(`${unit.id}: both directions in ${mtu}`)
    if (book.rules.exclusivePerPod && sides.size > 1) fail(`${unit.id}: both sides in ${mtu}`)
  }

  const totals = { DSO: { asked: 0, served: 0, paid: 0 }, TSO: { asked: 0, served: 0, paid: 0 } }
  book.requests.forEach((request, r) => {
    const result = outcome.requests[r]!
    if (result.id !== request.id) fail(`request ${r}`)
    for (let t = 0; t < book.mtus; t++) {
      const at = (list: readonly { mtu: number; mtus: number; power: number }[]): number =>
        list.reduce((sum, run) => (t >= run.mtu && t < run.mtu + run.mtus ? sum + run.power : sum), 0)
      const asked = demandAt(request, t)
      const got = served.get(`${request.id} ${t}`) ?? 0
      if (at(result.served) !== got) fail(`${request.id}: served ${at(result.served)}, allocated ${got} in ${t}`)
      if (got + at(result.residual) !== asked) fail(`${request.id}: ${got} + residual is not ${asked} in ${t}`)
      totals[request.side].asked += asked
      totals[request.side].served += got
    }
    if (result.paidMicroEur !== (paid.get(request.id) ?? 0)) fail(`${request.id}: paid ${result.paidMicroEur}`)
    totals[request.side].paid += result.paidMicroEur
  })
  for (const side of ['DSO', 'TSO'] as const) {
    const said = side === 'DSO' ? outcome.dso : outcome.tso
    const { asked, served: got, paid: money } = totals[side]
    if (said.asked !== asked || said.served !== got || said.paidMicroEur !== money) fail(`totals of the ${side}`)
  }
  const accepted = outcome.offers.filter(offer => offer.rank > 0)
  const ranks = new Set(accepted.map(offer => offer.rank))
  if (ranks.size !== accepted.length || accepted.some(offer => offer.rank > accepted.length)) fail('ranks are 1…n')
}

const add = (map: Map<string, number>, key: string, amount: number): void => {
  map.set(key, (map.get(key) ?? 0) + amount)
}

const stepsAt = (offer: Offer, t: number): readonly { quantity: number; price: number }[] => {
  if (offer.kind === 'block') return [{ quantity: offer.power, price: offer.price }]
  const interval = offer.intervals.find(({ mtu, mtus }) => t >= mtu && t < mtu + mtus)
  return interval?.steps ?? []
}

const lowestBid = (offer: Offer, t: number): number =>
  stepsAt(offer, t).reduce((lowest, step) => Math.min(lowest, step.price), Number.POSITIVE_INFINITY)

const checkVolume = (offer: Offer, perMtu: ReadonlyMap<number, number>, fail: (text: string) => never): void => {
  for (const [t, power] of perMtu) {
    const most = stepsAt(offer, t).reduce((sum, step) => sum + step.quantity, 0)
    const interval =
      offer.kind === 'single' ? offer.intervals.find(({ mtu, mtus }) => t >= mtu && t < mtu + mtus) : undefined
    const least = offer.kind === 'block' ? offer.minAcceptance : (interval?.minAcceptance ?? 0)
    if (power > most || power < least) fail(`${offer.id}: ${power} outside ${least}…${most} in ${t}`)
  }
  if (offer.kind === 'block' && perMtu.size > 0) {
    const at = [...perMtu.keys()].sort((a, b) => a - b)
    const powers = new Set(perMtu.values())
    const first = at[0]!
    const isRun = at.every((t, k) => t === first + k) && at.length === offer.duration
    if (!isRun || powers.size !== 1) fail(`${offer.id}: a split block`)
    if (first < offer.earliest || first + offer.duration > offer.latest) fail(`${offer.id}: outside its window`)
    if (perMtu.get(first)! * offer.duration > offer.maxEnergy) fail(`${offer.id}: above its energy`)
  }
}

/** Nobody is paid below the bid: at each MTU the volume paid at most p is covered by steps that ask at most p. */
const checkPaid = (offer: Offer, allocations: readonly Allocation[], fail: (text: string) => never): void => {
  const perMtu = new Map<number, { price: number; power: number }[]>()
  for (const { mtu, mtus, price, power } of allocations)
    for (let t = mtu; t < mtu + mtus; t++) perMtu.set(t, [...(perMtu.get(t) ?? []), { price, power }])
  for (const [t, parts] of perMtu)
    for (const { price } of parts) {
      const volume = parts.reduce((sum, part) => (part.price <= price ? sum + part.power : sum), 0)
      const asked = stepsAt(offer, t).reduce((sum, step) => (step.price <= price ? sum + step.quantity : sum), 0)
      if (volume > asked) fail(`${offer.id}: ${volume} paid at most ${price}, only ${asked} asks so little, in ${t}`)
    }
}
