/**
 * The order-book file and the outcome file (docs/reference/market-book.md): JSON that anyone can write, clear again, and compare.
 *
 * `parseBook` trusts nothing: it checks every field and what fields say together, refuses names it does not know, and
 * returns all problems at once, each with the JSON Pointer of its place. What it returns satisfies all that clearing assumes.
 */
import type {
  BlockOffer,
  Book,
  ClearingOutcome,
  ClearingRules,
  Direction,
  Offer,
  OfferInterval,
  OfferService,
  Pricing,
  ProfileInterval,
  Quantity,
  Request,
  Service,
  Side,
  SingleOffer,
  Unit,
  UnitCaps
} from './book.ts'
import { type Fields, JsonReader } from './json-reader.ts'

export interface BookProblem {
  /** JSON Pointer (RFC 6901) into the file. */
  readonly path: string
  readonly detail: string
}

/** Above these, sums of payments could pass 2^53, or the file is a mistake. */
export const bookLimits = {
  /** W or var: 100 MW at one point of delivery. */
  quantity: 100_000_000,
  /** µ€ per kWh: 50 €/kWh. */
  price: 50_000_000,
  /** A week of quarter-hours. */
  mtus: 672,
  nodes: 10_000_000
} as const

const quantities: readonly Quantity[] = ['P', 'Q']
const directions: readonly Direction[] = ['UP', 'DOWN']
const sides: readonly Side[] = ['DSO', 'TSO']
const services: readonly Service[] = ['congestion', 'voltage']
const offerServices: readonly OfferService[] = ['congestion', 'voltage', 'any']
const pricings: readonly Pricing[] = ['uniform', 'payAsBid']

export const defaultRules: ClearingRules = {
  pricing: 'uniform',
  exclusivePerPod: false,
  dsoBlocksOpposite: true,
  nodeLimit: 100_000,
  gapAccepted: 0
}

export const parseBook = (json: unknown): { readonly book: Book } | { readonly problems: readonly BookProblem[] } => {
  const read = new JsonReader()
  const file = read.object('', json, ['mtus', 'offers', 'requests'], ['$schema', 'rules', 'units'])
  const mtus = read.integer('/mtus', file['mtus'], 1, bookLimits.mtus)
  const rules = parseRules(read, file['rules'])
  const offers = read
    .list('/offers', file['offers'])
    .map((offer, n): Offer => parseOffer(read, `/offers/${n}`, offer, mtus))
  const requests = read
    .list('/requests', file['requests'])
    .map((request, n) => parseRequest(read, `/requests/${n}`, request, mtus))
  const units =
    file['units'] === undefined
      ? [...new Set(offers.map(offer => offer.unit))].map((unit): Unit => ({ id: unit, pods: [unit] }))
      : read.list('/units', file['units']).map((unit, n) => parseUnit(read, `/units/${n}`, unit, mtus))
  read.unique(
    '/units',
    'id',
    units.map(unit => unit.id)
  )
  read.unique(
    '/offers',
    'id',
    offers.map(offer => offer.id)
  )
  read.unique(
    '/requests',
    'id',
    requests.map(request => request.id)
  )
  checkTogether(read, units, offers)
  return read.problems.length > 0 ? { problems: read.problems } : { book: { mtus, units, offers, requests, rules } }
}

const checkTogether = (read: JsonReader, units: readonly Unit[], offers: readonly Offer[]): void => {
  const unitOfPod = new Map<string, string>()
  units.forEach((unit, n) => {
    unit.pods.forEach((pod, k) => {
      const other = unitOfPod.get(pod)
      if (other !== undefined) read.problem(`/units/${n}/pods/${k}`, `PoD ${pod} belongs to ${other} already`)
      unitOfPod.set(pod, unit.id)
    })
  })
  const known = new Set(units.map(unit => unit.id))
  offers.forEach((offer, n) => {
    if (!known.has(offer.unit)) read.problem(`/offers/${n}/unit`, `no unit of this book: ${offer.unit}`)
  })
}

const parseRules = (read: JsonReader, json: unknown): ClearingRules => {
  if (json === undefined) return defaultRules
  const rules = read.object(
    '/rules',
    json,
    [],
    ['pricing', 'exclusivePerPod', 'dsoBlocksOpposite', 'nodeLimit', 'gapAccepted']
  )
  const or = <T>(name: keyof ClearingRules, parse: (path: string, value: unknown) => T, otherwise: T): T =>
    rules[name] === undefined ? otherwise : parse(`/rules/${name}`, rules[name])
  return {
    pricing: or('pricing', (path, value) => read.oneOf(path, value, pricings), defaultRules.pricing),
    exclusivePerPod: or('exclusivePerPod', (path, value) => read.boolean(path, value), defaultRules.exclusivePerPod),
    dsoBlocksOpposite: or(
      'dsoBlocksOpposite',
      (path, value) => read.boolean(path, value),
      defaultRules.dsoBlocksOpposite
    ),
    nodeLimit: or('nodeLimit', (path, value) => read.integer(path, value, 0, bookLimits.nodes), defaultRules.nodeLimit),
    gapAccepted: or('gapAccepted', (path, value) => read.share(path, value), defaultRules.gapAccepted ?? 0)
  }
}

const commonFields = ['kind', 'id', 'unit', 'quantity', 'direction']

const parseOffer = (read: JsonReader, path: string, json: unknown, mtus: number): Offer => {
  const kind = read.oneOf(`${path}/kind`, read.peek(json, 'kind'), ['single', 'block'] as const)
  return kind === 'single' ? parseSingle(read, path, json, mtus) : parseBlock(read, path, json, mtus)
}

const parseCommon = (read: JsonReader, path: string, offer: Fields) => ({
  id: read.text(`${path}/id`, offer['id']),
  unit: read.text(`${path}/unit`, offer['unit']),
  quantity: read.oneOf(`${path}/quantity`, offer['quantity'], quantities),
  direction: read.oneOf(`${path}/direction`, offer['direction'], directions),
  service: offer['service'] === undefined ? 'any' : read.oneOf(`${path}/service`, offer['service'], offerServices)
})

const parseSingle = (read: JsonReader, path: string, json: unknown, mtus: number): SingleOffer => {
  const offer = read.object(path, json, [...commonFields, 'intervals'], ['service'])
  const intervals = read
    .list(`${path}/intervals`, offer['intervals'], 1)
    .map((interval, n) => parseInterval(read, `${path}/intervals/${n}`, interval, mtus))
  checkDisjoint(read, `${path}/intervals`, intervals)
  return { kind: 'single', ...parseCommon(read, path, offer), intervals }
}

const parseInterval = (read: JsonReader, path: string, json: unknown, mtus: number): OfferInterval => {
  const interval = read.object(path, json, ['mtu', 'steps'], ['mtus', 'minAcceptance'])
  const steps = read.list(`${path}/steps`, interval['steps'], 1).map((step, n) => {
    const at = `${path}/steps/${n}`
    const { quantity, price } = read.object(at, step, ['quantity', 'price'], [])
    return {
      quantity: read.integer(`${at}/quantity`, quantity, 1, bookLimits.quantity),
      price: read.integer(`${at}/price`, price, 0, bookLimits.price)
    }
  })
  const offered = steps.reduce((sum, step) => sum + step.quantity, 0)
  if (offered > bookLimits.quantity)
    read.problem(`${path}/steps`, `offers ${offered} in all, more than ${bookLimits.quantity}`)
  const minAcceptance =
    interval['minAcceptance'] === undefined
      ? 0
      : read.integer(`${path}/minAcceptance`, interval['minAcceptance'], 0, bookLimits.quantity)
  if (minAcceptance > offered)
    read.problem(`${path}/minAcceptance`, `${minAcceptance} is more than the ${offered} offered`)
  return { ...parseRun(read, path, interval, mtus), steps, minAcceptance }
}

const parseRun = (read: JsonReader, path: string, run: Fields, mtus: number): { mtu: number; mtus: number } => {
  const mtu = read.integer(`${path}/mtu`, run['mtu'], 0, mtus - 1)
  const length = run['mtus'] === undefined ? 1 : read.integer(`${path}/mtus`, run['mtus'], 1, mtus)
  if (mtu + length > mtus) read.problem(`${path}/mtus`, `ends at MTU ${mtu + length}, after the session's ${mtus}`)
  return { mtu, mtus: length }
}

const checkDisjoint = (read: JsonReader, path: string, runs: readonly { mtu: number; mtus: number }[]): void => {
  const sorted = runs.map((run, n) => ({ ...run, n })).sort((a, b) => a.mtu - b.mtu || a.n - b.n)
  for (let k = 1; k < sorted.length; k++) {
    const before = sorted[k - 1]!
    const run = sorted[k]!
    if (before.mtu + before.mtus > run.mtu)
      read.problem(`${path}/${run.n}`, `overlaps ${path}/${before.n} in MTU ${run.mtu}`)
  }
}

const parseBlock = (read: JsonReader, path: string, json: unknown, mtus: number): BlockOffer => {
  const offer = read.object(
    path,
    json,
    [...commonFields, 'power', 'duration', 'price'],
    ['service', 'maxEnergy', 'earliest', 'latest', 'minAcceptance']
  )
  const optional = (name: string, low: number, high: number, otherwise: number): number =>
    offer[name] === undefined ? otherwise : read.integer(`${path}/${name}`, offer[name], low, high)
  const power = read.integer(`${path}/power`, offer['power'], 1, bookLimits.quantity)
  const duration = read.integer(`${path}/duration`, offer['duration'], 1, mtus)
  const block: BlockOffer = {
    kind: 'block',
    ...parseCommon(read, path, offer),
    power,
    duration,
    maxEnergy: optional('maxEnergy', 1, bookLimits.quantity * bookLimits.mtus, power * duration),
    earliest: optional('earliest', 0, mtus - 1, 0),
    latest: optional('latest', 1, mtus, mtus),
    price: read.integer(`${path}/price`, offer['price'], 0, bookLimits.price),
    minAcceptance: optional('minAcceptance', 0, bookLimits.quantity, 0)
  }
  if (block.minAcceptance > power)
    read.problem(`${path}/minAcceptance`, `${block.minAcceptance} is more than the power`)
  if (block.minAcceptance * duration > block.maxEnergy || block.maxEnergy < duration)
    read.problem(`${path}/maxEnergy`, `${block.maxEnergy} allows no run of ${duration} MTUs`)
  if (block.earliest + duration > block.latest)
    read.problem(`${path}/latest`, `no run of ${duration} MTUs fits between ${block.earliest} and ${block.latest}`)
  return block
}

const parseRequest = (read: JsonReader, path: string, json: unknown, mtus: number): Request => {
  const request = read.object(
    path,
    json,
    ['id', 'side', 'quantity', 'direction', 'service', 'profile'],
    ['operator', 'pods', 'priceLimit']
  )
  const side = read.oneOf(`${path}/side`, request['side'], sides)
  const profile = read.list(`${path}/profile`, request['profile'], 1).map((run, n): ProfileInterval => {
    const at = `${path}/profile/${n}`
    const fields = read.object(at, run, ['mtu', 'power'], ['mtus'])
    return {
      ...parseRun(read, at, fields, mtus),
      power: read.integer(`${at}/power`, fields['power'], 1, bookLimits.quantity)
    }
  })
  checkDisjoint(read, `${path}/profile`, profile)
  return {
    id: read.text(`${path}/id`, request['id']),
    side,
    operator: request['operator'] === undefined ? side : read.text(`${path}/operator`, request['operator']),
    quantity: read.oneOf(`${path}/quantity`, request['quantity'], quantities),
    direction: read.oneOf(`${path}/direction`, request['direction'], directions),
    service: read.oneOf(`${path}/service`, request['service'], services),
    ...(request['pods'] !== undefined && { pods: parsePods(read, `${path}/pods`, request['pods'], 0) }),
    profile,
    ...(request['priceLimit'] !== undefined && {
      priceLimit: read.integer(`${path}/priceLimit`, request['priceLimit'], 0, bookLimits.price)
    })
  }
}

const parsePods = (read: JsonReader, path: string, json: unknown, least: number): string[] => {
  const pods = read.list(path, json, least).map((pod, n) => read.text(`${path}/${n}`, pod))
  read.unique(path, undefined, pods)
  return pods
}

const parseUnit = (read: JsonReader, path: string, json: unknown, mtus: number): Unit => {
  const unit = read.object(path, json, ['id'], ['pods', 'caps', 'servedSide', 'takenDirection'])
  const id = read.text(`${path}/id`, unit['id'])
  const perMtu = <T>(at: string, value: unknown, parse: (path: string, value: unknown) => T): T[] => {
    const list = read.list(at, value)
    if (list.length !== mtus) read.problem(at, `has ${list.length} entries, not one for each of ${mtus} MTUs`)
    return list.map((entry, t) => parse(`${at}/${t}`, entry))
  }
  const orNull =
    <T extends string>(allowed: readonly T[]) =>
    (at: string, value: unknown): T | null =>
      value === null ? null : read.oneOf(at, value, allowed)
  const markets = ['P_UP', 'P_DOWN', 'Q_UP', 'Q_DOWN'] as const
  const caps: { -readonly [market in keyof UnitCaps]: number[] } = {}
  if (unit['caps'] !== undefined) {
    const fields = read.object(`${path}/caps`, unit['caps'], [], markets)
    for (const market of markets)
      if (fields[market] !== undefined)
        caps[market] = perMtu(`${path}/caps/${market}`, fields[market], (at, value) =>
          read.integer(at, value, 0, bookLimits.quantity)
        )
  }
  const taken: { P?: (Direction | null)[]; Q?: (Direction | null)[] } = {}
  if (unit['takenDirection'] !== undefined) {
    const fields = read.object(`${path}/takenDirection`, unit['takenDirection'], [], quantities)
    for (const quantity of quantities)
      if (fields[quantity] !== undefined)
        taken[quantity] = perMtu(`${path}/takenDirection/${quantity}`, fields[quantity], orNull(directions))
  }
  return {
    id,
    pods: unit['pods'] === undefined ? [id] : parsePods(read, `${path}/pods`, unit['pods'], 1),
    ...(unit['caps'] !== undefined && { caps }),
    ...(unit['servedSide'] !== undefined && {
      servedSide: perMtu(`${path}/servedSide`, unit['servedSide'], orNull(sides))
    }),
    ...(unit['takenDirection'] !== undefined && { takenDirection: taken })
  }
}

/** The outcome as JSON: exact totals of ticks may pass 2^53, so they are decimal strings. */
export const outcomeToJson = (outcome: ClearingOutcome) => ({
  ...outcome,
  dso: { ...outcome.dso, bidCostTicks: outcome.dso.bidCostTicks.toString() },
  tso: { ...outcome.tso, bidCostTicks: outcome.tso.bidCostTicks.toString() }
})
