/**
 * Times clearing for two books: a large divisible one, and the normal day of a PoM with blocks.
 * Usage: node bench/clearing.ts [divisible offers = 20000] [units of the day = 1500] [blocks = 75] [repeats = 5] [only the n-th]
 * Wall-clock time and, since other work may share the cores, processor time.
 */
import type { Book, Offer, Request, Unit } from '../domain/market/clearing/book.ts'
import { clearBook } from '../domain/market/clearing/clear-book.ts'
import { numbers } from '../domain/market/clearing/random-book.fixtures.ts'
import { loadSolver } from '../domain/optimisation/solver.ts'

const mtus = 96
const rules = { pricing: 'uniform', exclusivePerPod: false, dsoBlocksOpposite: true, nodeLimit: 2_000 } as const

/** Units spread over 10 feeders of 12 secondary substations each; the DSO asks at all three levels, the TSO at the PoM. */
const day = (units: number, steps: number, blocks: number, varying: boolean, seed: number): Book => {
  const random = numbers(seed)
  const whole = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1))
  const pods = Array.from({ length: units }, (_, n) => `pod-${n}`)
  const substation = (n: number): number => n % 120
  const curve = () =>
    Array.from({ length: steps }, (_, s) => ({
      quantity: 100 * whole(5, 15),
      price: 1_000 * whole(60 + 40 * s, 140 + 60 * s)
    }))
  const offers: Offer[] = pods.map((unit, n) => ({
    kind: 'single',
    id: `offer-${n}`,
    unit,
    quantity: 'P',
    direction: 'UP',
    service: 'any',
    intervals: varying
      ? Array.from({ length: mtus }, (_, mtu) => ({ mtu, mtus: 1, steps: curve(), minAcceptance: 0 }))
      : [{ mtu: 0, mtus, steps: curve(), minAcceptance: 0 }]
  }))
  for (let n = 0; n < blocks; n++) {
    const duration = whole(4, 12)
    const power = 100 * whole(10, 40)
    const earliest = whole(0, 40)
    offers.push({
      kind: 'block',
      id: `block-${n}`,
      unit: pods[whole(0, units - 1)]!,
      quantity: 'P',
      direction: 'UP',
      service: 'any',
      power,
      duration,
      maxEnergy: power * duration,
      earliest,
      latest: Math.min(mtus, earliest + duration + whole(16, 48)),
      price: 1_000 * whole(60, 140),
      minAcceptance: 500
    })
  }
  const request = (id: string, share: number, pick: (n: number) => boolean): Request => ({
    id,
    side: 'DSO',
    operator: 'dso',
    quantity: 'P',
    direction: 'UP',
    service: 'congestion',
    pods: pods.filter((_, n) => pick(n)),
    profile: Array.from({ length: mtus }, (_, mtu) => ({
      mtu,
      mtus: 1,
      power: Math.max(1, Math.round(units * share * (600 + 400 * Math.sin((mtu / mtus) * 4 * Math.PI))))
    }))
  })
  const requests: Request[] = [
    request('dso-pom', 0.1, () => true),
    request('dso-feeder-2', 0.02, n => substation(n) % 10 === 2),
    request('dso-feeder-7', 0.02, n => substation(n) % 10 === 7),
    request('dso-substation-12', 0.002, n => substation(n) === 12),
    request('dso-substation-55', 0.002, n => substation(n) === 55),
    { ...request('tso', 0.1, () => true), side: 'TSO', operator: 'tso' }
  ]
  return { mtus, units: pods.map((id): Unit => ({ id, pods: [id] })), offers, requests, rules }
}

const [large = 20_000, units = 1_500, blocks = 75, repeats = 5, only = 0] = process.argv.slice(2).map(Number)
const solver = await loadSolver()
let measured = 0
const time = (name: string, makeBook: () => Book): void => {
  if (++measured !== only && only > 0) return
  const book = makeBook()
  const times: number[] = []
  const processor: number[] = []
  let outcome = clearBook(book, solver)
  for (let n = 0; n < repeats; n++) {
    const from = performance.now()
    const used = process.cpuUsage()
    outcome = clearBook(book, solver)
    times.push(performance.now() - from)
    processor.push(process.cpuUsage(used).user / 1000)
  }
  times.sort((a, b) => a - b)
  processor.sort((a, b) => a - b)
  const accepted = outcome.offers.filter(offer => offer.rank > 0).length
  console.log(
    `${name}: median ${times[times.length >> 1]!.toFixed(0)} ms, worst ${times[times.length - 1]!.toFixed(0)} ms, processor ${processor[processor.length >> 1]!.toFixed(0)} ms; ` +
      `${outcome.algorithm}, gap ${outcome.gap.toExponential(1)}, ${outcome.nodes} nodes, ${accepted} offers accepted, ` +
      `served ${((100 * outcome.dso.served) / outcome.dso.asked).toFixed(1)} % of DSO`
  )
}
time(`${large} divisible offers × ${mtus} MTU, constant curve`, () => day(large, 1, 0, false, 1))
time(`${large} divisible offers × ${mtus} MTU, another curve each MTU`, () => day(large, 1, 0, true, 1))
time(`${units} units × 3 steps × ${mtus} MTU + ${blocks} blocks, constant curve`, () => day(units, 3, blocks, false, 2))
time(`${units} units × 3 steps × ${mtus} MTU + ${blocks} blocks, another curve each MTU`, () =>
  day(units, 3, blocks, true, 3)
)
time(`${units} units × 3 steps × ${mtus} MTU, no blocks`, () => day(units, 3, 0, true, 4))
