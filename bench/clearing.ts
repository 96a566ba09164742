/**
 * Times clearing alone, without a log, for large divisible books and for the normal day of a PoM with and without blocks.
 * Usage: npm run bench -- clearing [divisible offers = 20000] [units of the day = 1500] [blocks = 75] [repeats = 5] [only the n-th]
 * Wall-clock time and, since other work may share the cores, processor time.
 */
import { fileURLToPath } from 'node:url'
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

export const describe = 'clearing alone: 20,000 divisible offers, and a day of 1,500 units with and without blocks'

interface Row {
  readonly book: string
  readonly medianMs: number
  readonly worstMs: number
  readonly processorMs: number
  readonly algorithm: string
  readonly gap: number
  readonly nodes: number
  readonly acceptedOffers: number
  readonly servedShareOfDso: number
}

export const run = async (args: readonly string[], tell: (text: string) => void): Promise<{ rows: readonly Row[] }> => {
  const [large = 20_000, units = 1_500, blocks = 75, repeats = 5, only = 0] = args.map(Number)
  const solver = await loadSolver()
  const books: readonly (readonly [name: string, makeBook: () => Book])[] = [
    [`${large} divisible offers × ${mtus} MTU, constant curve`, () => day(large, 1, 0, false, 1)],
    [`${large} divisible offers × ${mtus} MTU, another curve each MTU`, () => day(large, 1, 0, true, 1)],
    [
      `${units} units × 3 steps × ${mtus} MTU + ${blocks} blocks, constant curve`,
      () => day(units, 3, blocks, false, 2)
    ],
    [
      `${units} units × 3 steps × ${mtus} MTU + ${blocks} blocks, another curve each MTU`,
      () => day(units, 3, blocks, true, 3)
    ],
    [`${units} units × 3 steps × ${mtus} MTU, no blocks`, () => day(units, 3, 0, true, 4)]
  ]
  const chosen = books.filter((_, n) => only === 0 || n === only - 1)
  return {
    rows: chosen.map(([name, makeBook]) => {
      tell(name)
      return timed(name, makeBook(), solver, repeats)
    })
  }
}

const timed = (name: string, book: Book, solver: Awaited<ReturnType<typeof loadSolver>>, repeats: number): Row => {
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
  const { algorithm, gap, nodes, dso, offers } = outcome
  return {
    book: name,
    medianMs: Math.round(times[times.length >> 1]!),
    worstMs: Math.round(times[times.length - 1]!),
    processorMs: Math.round(processor[processor.length >> 1]!),
    ...{ algorithm, gap, nodes },
    acceptedOffers: offers.filter(offer => offer.rank > 0).length,
    servedShareOfDso: dso.served / dso.asked
  }
}

export const readable = ({ rows }: { rows: readonly Row[] }): string =>
  rows
    .map(
      ({ book, medianMs, worstMs, processorMs, algorithm, gap, nodes, acceptedOffers, servedShareOfDso }) =>
        `${book}: median ${medianMs} ms, worst ${worstMs} ms, processor ${processorMs} ms; ` +
        `${algorithm}, gap ${gap.toExponential(1)}, ${nodes} nodes, ${acceptedOffers} offers accepted, ` +
        `served ${(100 * servedShareOfDso).toFixed(1)} % of DSO`
    )
    .join('\n')

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.stdout.write(`${readable(await run(process.argv.slice(2), () => {}))}\n`)
