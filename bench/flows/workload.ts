/**
 * The workload of one stage: N points of delivery under one primary substation; one offer per PoD, 95 % of them with three
 * steps in each of 96 MTUs, other quantities in each, and 5 % flexible blocks; DSO requests at primary substation, feeder and
 * secondary substation and a TSO request in every MTU. Request sizes follow what is offered, so that a share of about
 * a third is accepted at every size.
 */
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

export const POM = 'ROMA01'
export const MTUS = 96
const FEEDERS = 8
const PODS_PER_SUBSTATION = 15

export interface Workload {
  readonly pods: readonly object[]
  readonly places: readonly object[]
  readonly offers: readonly object[]
  readonly requests: { readonly dso: readonly object[]; readonly tso: readonly object[] }
}

const podCode = (n: number): string => `IT002E${String(n + 1).padStart(8, '0')}`
const feederOf = (n: number): string => `${POM}-F${n % FEEDERS}`
const substationOf = (n: number): string => `${POM}-F${n % FEEDERS}-S${Math.floor(n / FEEDERS / PODS_PER_SUBSTATION)}`

export const workload = (count: number, start: number): Workload => {
  const random = xoroshiro128plus(count)
  const between = (least: number, most: number): number => uniformInt(random, least, most)
  const iso = (mtu: number): string => new Date(start + mtu * 900_000).toISOString()
  const ids = Array.from({ length: count }, (_, n) => n)

  const pods = ids.map(n => ({
    pod: podCode(n),
    aggregatorId: 'ACEAE',
    zone: 'CSUD',
    flexibilityType: 'continuous',
    voltageLevel: 'LV',
    contractualPower: 10_000,
    pnp: 10_000,
    inp: 5_000,
    inq: 500,
    cnq: 500,
    cnp: null,
    cosPhi: '0.95R',
    maxFlexibility: { upperP: 6_000, downP: -6_000, upperQ: 1_000, downQ: -1_000 },
    powerBaselineCurves: {
      workday: Array.from({ length: MTUS }, () => ({ p: between(100, 6_000), q: between(0, 500) })),
      saturday: [],
      holiday: []
    },
    services: ['congestion', 'voltage']
  }))
  const places = ids.map(n => ({
    pod: podCode(n),
    place: { dsoId: 'ARETI', pom: POM, feeder: feederOf(n), secondarySubstation: substationOf(n) }
  }))

  const singles = ids
    .filter(n => n % 20 !== 0)
    .map(n => {
      const base = between(100_000, 500_000)
      return {
        type: 'single',
        offerId: `${podCode(n)}-UP`,
        unit: { id: podCode(n), pods: [podCode(n)] },
        quantity: 'P',
        direction: 'UP',
        service: 'any',
        intervals: Array.from({ length: MTUS }, (_, mtu) => {
          return {
            start: iso(mtu),
            end: iso(mtu + 1),
            steps: [
              { quantity: between(50, 100) * 10, price: base },
              { quantity: between(30, 60) * 10, price: Math.round(base * 1.2) },
              { quantity: between(10, 40) * 10, price: Math.round(base * 1.5) }
            ],
            minAcceptance: 0
          }
        })
      }
    })
  const blocks = ids
    .filter(n => n % 20 === 0)
    .map(n => {
      const power = between(10, 30) * 100
      const mtus = between(4, 12)
      const earliest = between(0, 60)
      return {
        type: 'block',
        offerId: `${podCode(n)}-BLOCK`,
        unit: { id: podCode(n), pods: [podCode(n)] },
        quantity: 'P',
        direction: 'UP',
        service: 'any',
        power,
        mtus,
        maxEnergyWattMtus: power * mtus,
        earliestStart: iso(earliest),
        latestEnd: iso(Math.min(MTUS, earliest + mtus + between(4, 30))),
        price: between(100_000, 500_000),
        minAcceptance: Math.floor(power / 2)
      }
    })

  const asked = (share: number, members: number) => (mtu: number) => ({
    start: iso(mtu),
    end: iso(mtu + 1),
    quantity: Math.max(
      100,
      Math.floor((members * 1_400 * share * (0.5 + 0.5 * Math.abs(Math.sin(mtu / 15)))) / 10) * 10
    )
  })
  const request = (
    requestId: string,
    level: string,
    location: string,
    members: readonly number[],
    size: number,
    share: number
  ) => ({
    requestId,
    level,
    location,
    pods: members.map(podCode),
    quantity: 'P',
    direction: 'UP',
    service: 'congestion',
    profile: Array.from({ length: MTUS }, (_, mtu) => asked(share, size)(mtu)),
    priceLimit: null
  })
  const group = (placeOf: (n: number) => string): Map<string, number[]> => Map.groupBy(ids, placeOf)
  const dso = [
    ...[...group(substationOf)].map(([id, own]) => request(`R-${id}`, 'secondarySubstation', id, own, own.length, 0.1)),
    ...[...group(feederOf)].map(([id, own]) => request(`R-${id}`, 'feeder', id, own, own.length, 0.08)),
    // One record names at most 12,000 PoDs.
    request(`R-${POM}`, 'primarySubstation', POM, ids.slice(0, 12_000), count, 0.06)
  ]
  const tso = [request(`T-${POM}`, 'primarySubstation', POM, [], count, 0.06)]
  return { pods, places, offers: [...singles, ...blocks], requests: { dso, tso } }
}
