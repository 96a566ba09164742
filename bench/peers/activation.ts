/**
 * `node bench/peers/activation.ts`: the cheapest activation on the 33-bus network with V ≥ 0.93, every load to be halved, here and by
 * pandapower's AC optimal power flow (PYTHON with requirements.txt). Ends with 1 where a cost differs by more than 1e-6.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { table } from '../../cli/output.ts'
import { compileNetwork } from '../../domain/grid/compile-network.ts'
import { planFlexibility } from '../../domain/grid/flexibility-request/plan-flexibility.ts'
import type { FlexibleUnit } from '../../domain/grid/flexible-unit.ts'
import { parseNetwork } from '../../domain/grid/network-file.ts'
import { defaultThresholds, limitsOf } from '../../domain/grid/violations.ts'
import { loadSolver } from '../../domain/optimisation/solver.ts'

const COST_TOLERANCE = 1e-6
const band = { minPu: 0.93, maxPu: 1.1 }

const { network } = parseNetwork(
  JSON.parse(readFileSync(new URL('../../examples/networks/baran-wu-33.json', import.meta.url), 'utf8'))
)
const compiled = network && compileNetwork(network).compiled
if (network === undefined || compiled === undefined) throw new Error('baran-wu-33.json')

/** Prices in € for a kWh; `q`: of a kvarh, as a share of it. */
const cases = [
  { title: 'one price', price: () => 0.1, q: 0 },
  { title: 'many prices', price: (n: number) => 0.1 + 0.001 * ((n * 37) % 50), q: 0 },
  { title: 'many prices, Q at the same', price: (n: number) => 0.1 + 0.001 * ((n * 37) % 50), q: 1 },
  { title: 'one price, Q at a fifth', price: () => 0.1, q: 0.2 }
]

const unitsOf = ({ price, q }: (typeof cases)[number]): readonly FlexibleUnit[] =>
  network.loads.map(({ id, bus, p_kW, q_kvar }, n) => ({
    pod: id,
    bus,
    kind: 'continuous',
    band: { upP: Math.round(500 * p_kW), downP: 0, upQ: q === 0 ? 0 : Math.round(500 * q_kvar), downQ: 0 },
    prices: { upP: Math.round(1e6 * price(n)), downP: 0, upQ: Math.round(1e6 * price(n) * q), downQ: 0 }
  }))

const peerCosts = (): readonly number[] => {
  const folder = mkdtempSync(join(tmpdir(), 'flexledger-peers-'))
  try {
    const file = join(folder, 'cases.json')
    const asked = cases.map(one => ({
      ...band,
      units: unitsOf(one).map(({ bus, band: { upP, upQ }, prices }) => ({
        ...{ bus, p_kW: upP / 1000, q_kvar: upQ / 1000, priceP: prices.upP / 1e6, priceQ: prices.upQ / 1e6 }
      }))
    }))
    writeFileSync(file, JSON.stringify({ network, cases: asked }))
    const script = fileURLToPath(new URL('activation.py', import.meta.url))
    return JSON.parse(execFileSync(process.env['PYTHON'] ?? 'python3', [script, file], { encoding: 'utf8' }))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const solver = await loadSolver()
const limits = limitsOf(compiled, {
  ...defaultThresholds,
  voltage: { ...defaultThresholds.voltage, medium: band }
})
const options = { limits, sizes: { step: 1, smallest: 1 }, slotHours: 1 }
const peer = peerCosts()
let worst = 0
const rows = cases.map((one, n) => {
  const [slot] = planFlexibility(compiled, [{ powers: {} }], unitsOf(one), solver, options).slots
  if (slot?.status !== 'cured') throw new Error(`${one.title}: ${slot?.status}`)
  const own = slot.optimum_microEuro / 1e6
  const difference = Math.abs(own / peer[n]! - 1)
  worst = Math.max(worst, difference)
  return [one.title, own.toFixed(9), peer[n]!.toFixed(9), difference.toExponential(1)]
})
process.stdout.write(`${table(['case', '€ here', '€ pandapower', 'relative difference'], rows)}\n`)
if (worst > COST_TOLERANCE) process.exitCode = 1
