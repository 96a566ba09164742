/** Networks for tests: those of examples/networks, a small one built by hand, and random ones. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { type CompiledNetwork, type CompileOptions, compileNetwork } from './compile-network.ts'
import type { Bus, Injector, Line, Network, Switch, Transformer } from './network.ts'
import { parseNetwork } from './network-file.ts'
import { copyOf, type GridState, powerFlow, type SlotPowers } from './power-flow.ts'

export const jsonOf = (path: string): unknown => {
  const bytes = readFileSync(new URL(`../../examples/networks/${path}`, import.meta.url))
  return JSON.parse((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString())
}

export const networkOf = (path: string): Network => {
  const { network, problems } = parseNetwork(jsonOf(path))
  if (network === undefined) throw new Error(`${path}: ${JSON.stringify(problems)}`)
  return network
}

export const compiledOf = (network: Network, options?: CompileOptions): CompiledNetwork => {
  const { compiled, problems } = compileNetwork(network, options)
  if (compiled === undefined) throw new Error(JSON.stringify(problems))
  return compiled
}

export const solved = (network: Network, powers?: SlotPowers, method?: 'tree' | 'mesh'): GridState => {
  const state = powerFlow(compiledOf(network), method).solve(powers)
  if (state.status !== 'converged') throw new Error(JSON.stringify(state))
  return copyOf(state)
}

export const aBus = (id: string, kV = 10): Bus => ({ id, kV, inService: true })

export const aLine = (from: string, to: string, fields: Partial<Line> = {}): Line => ({
  id: `${from}-${to}`,
  from,
  to,
  r_ohm: 0.3,
  x_ohm: 0.2,
  c_nF: 0,
  g_uS: 0,
  inService: true,
  ...fields
})

export const aTransformer = (high: string, low: string, fields: Partial<Transformer> = {}): Transformer => ({
  id: `${high}>${low}`,
  highVoltageBus: high,
  lowVoltageBus: low,
  rated_kVA: 400,
  highVoltage_kV: 10,
  lowVoltage_kV: 0.4,
  vk_percent: 6,
  vkr_percent: 1.2,
  ironLoss_kW: 1.2,
  i0_percent: 0.3,
  shift_degree: 150,
  tapSide: 'hv',
  tapKind: 'ratio',
  tapPosition: 0,
  tapNeutral: 0,
  tapStep_percent: 2.5,
  tapStep_degree: 0,
  parallel: 1,
  loadingFactor: 1,
  inService: true,
  ...fields
})

export const aSwitch = (bus: string, element: string, fields: Partial<Switch> = {}): Switch => ({
  id: `${bus}/${element}`,
  bus,
  element,
  elementType: 'line',
  closed: false,
  ...fields
})

export const aLoad = (bus: string, p_kW: number, q_kvar: number, fields: Partial<Injector> = {}): Injector => ({
  id: `at ${bus}`,
  bus,
  p_kW,
  q_kvar,
  inService: true,
  ...fields
})

export const aNetwork = (fields: Partial<Network> = {}): Network => ({
  name: 'test',
  frequencyHz: 50,
  buses: [aBus('A'), aBus('B'), aBus('C'), aBus('L', 0.4)],
  lines: [aLine('A', 'B'), aLine('B', 'C')],
  transformers: [aTransformer('C', 'L')],
  switches: [],
  externalGrids: [{ bus: 'A', vm_pu: 1, va_degree: 0 }],
  loads: [aLoad('B', 300, 100), aLoad('L', 120, 40)],
  generators: [],
  storages: [],
  shunts: [],
  ...fields
})

const between = (min: number, max: number): fc.Arbitrary<number> =>
  fc.double({ min, max, noNaN: true, noDefaultInfinity: true })

interface Drawn {
  readonly at: number
  readonly length: number
  readonly capacitance: number
  readonly p: number
  readonly q: number
  readonly injected: number
  readonly isTransformer: boolean
  readonly tap: number
}

/** A tree: each bus hangs on an earlier one, by a line or, from 10 kV, by a transformer to 0.4 kV. */
export const radialNetwork = fc
  .array(
    fc.record<Drawn>({
      at: between(0, 1),
      length: between(0.05, 1),
      capacitance: between(0, 300),
      p: between(-20, 40),
      q: between(-10, 20),
      injected: between(0, 20),
      isTransformer: fc.boolean(),
      tap: fc.integer({ min: -2, max: 2 })
    }),
    { minLength: 1, maxLength: 40 }
  )
  .map(drawn => {
    const buses: Bus[] = [aBus('0')]
    const lines: Line[] = []
    const transformers: Transformer[] = []
    drawn.forEach(({ at, length, capacitance, isTransformer, tap }, n) => {
      const parent = buses[Math.min(n, Math.floor(at * (n + 1)))]!
      const id = String(n + 1)
      const isStep = isTransformer && parent.kV === 10
      buses.push(aBus(id, isStep ? 0.4 : parent.kV))
      if (isStep) transformers.push(aTransformer(parent.id, id, { tapPosition: tap }))
      else {
        const short = parent.kV === 10 ? 1 : 0.02
        const [r_ohm, x_ohm] = [0.3 * length * short, 0.25 * length * short]
        lines.push(aLine(parent.id, id, { r_ohm, x_ohm, c_nF: capacitance * length, max_A: 200 }))
      }
    })
    return aNetwork({
      buses,
      lines,
      transformers,
      externalGrids: [{ bus: '0', vm_pu: 1.02, va_degree: 10 }],
      loads: drawn.map(({ p, q }, n) => aLoad(String(n + 1), p / 4, q / 4)),
      generators: drawn.map(({ injected }, n) => aLoad(String(n + 1), injected / 4, 0))
    })
  })

export const runs = (numRuns: number): fc.Parameters<unknown> => ({
  numRuns: Number(process.env['FC_RUNS'] ?? numRuns),
  ...(process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {})
})

/** Largest difference of two lists; NaN and null mean the same: no value. */
export const difference = (a: ArrayLike<number>, b: ArrayLike<number | null>): number => {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let most = 0
  for (let n = 0; n < a.length; n++) {
    const one = a[n]!
    const other = b[n] ?? Number.NaN
    if (Number.isNaN(one) && Number.isNaN(other)) continue
    const gap = Math.abs(one - other)
    most = gap <= most ? most : gap
  }
  return most
}
