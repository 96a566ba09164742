/**
 * `npm run bench -- grid`: microseconds per power flow, all outputs included (voltages, angles, flows and currents at both
 * ends, losses, loading), for slots whose loads differ. Beside it, in the same run, power-grid-model on the same networks
 * and slots, where a Python with it is (PYTHON, default python3; bench/peers/requirements.txt), with the largest difference
 * of a voltage. Then flow 2 (requests) and flow 4 (technical validation) by number of points of delivery.
 *
 * A power flow's figure is the fastest of several rounds: on a shared machine the others measure the neighbours.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { table } from '../../cli/output.ts'
import { type CompiledNetwork, compileNetwork } from '../../domain/grid/compile-network.ts'
import { levelsOf, solveLevels } from '../../domain/grid/levels.ts'
import type { Network } from '../../domain/grid/network.ts'
import { parseNetwork } from '../../domain/grid/network-file.ts'
import { powerFlow, type SlotPowers } from '../../domain/grid/power-flow.ts'
import { limitsOf, violationsOf } from '../../domain/grid/violations.ts'
import { type Requests, requestRows, requestTable } from './request.ts'
import { syntheticNetwork } from './synthetic-network.ts'
import { type Validations, validationRows, validationTable } from './validation.ts'

interface Row {
  readonly network: string
  readonly buses: number
  readonly slots: number
  readonly compileMs: number
  readonly solveUs: number
  readonly peerUs?: number
  readonly peerDifferencePu?: number
}

interface Result {
  readonly rows: readonly Row[]
  readonly peer: string
  readonly levels: { readonly network: string; readonly rounds: number; readonly ms: number }
  readonly requests: Requests
  readonly validation: Validations
}

export const describe =
  'power flow by size of the network, beside power-grid-model; flows 2 and 4 by points of delivery'

const SLOTS = 96
const ROUNDS = 12
const PODS = [150, 1_500, 15_000, 150_000]

export const run = async (_: readonly string[], tell: (text: string) => void): Promise<Result> => {
  const networks = [
    exampleNetwork('baran-wu-33.json'),
    exampleNetwork('baran-wu-69.json'),
    syntheticNetwork(1_000),
    syntheticNetwork(10_000),
    syntheticNetwork(100_000)
  ]
  const own = networks.map(network => {
    tell(network.name)
    return measured(network)
  })
  tell('power-grid-model')
  const peer = peerResults(networks)
  const rows = own.map(({ row, lastVoltages }, n): Row => {
    const other = typeof peer === 'string' ? undefined : peer[n]
    if (other === undefined) return row
    // Once more after the peer: the machine may have been slower before it.
    const solveUs = Math.min(row.solveUs, measured(networks[n]!).row.solveUs)
    return { ...row, solveUs, peerUs: other.us, peerDifferencePu: difference(lastVoltages, other.voltages) }
  })
  const district = syntheticNetwork(10_000)
  const levels = levelsOf(district)
  const started = performance.now()
  const solution = solveLevels(levels)
  if (solution.status !== 'converged') throw new Error(`levels: ${solution.status}`)
  return {
    rows,
    peer: typeof peer === 'string' ? peer : 'power-grid-model 1.12.110, Newton–Raphson, batch of slots, one thread',
    levels: { network: district.name, rounds: solution.rounds, ms: performance.now() - started },
    requests: await requestRows(PODS, tell),
    validation: await validationRows(PODS, tell)
  }
}

export const readable = ({ rows, peer, levels, requests, validation }: Result): string =>
  [
    table(
      ['network', 'buses', 'compile ms', 'µs per solve', 'peer µs', 'times', 'largest difference pu'],
      rows.map(({ network, buses, compileMs, solveUs, peerUs, peerDifferencePu }) => [
        ...[network, buses, compileMs.toFixed(1), solveUs.toFixed(1)],
        ...(peerUs === undefined
          ? ['–', '–', '–']
          : [peerUs.toFixed(1), (peerUs / solveUs).toFixed(1), (peerDifferencePu ?? 0).toExponential(1)])
      ])
    ),
    `peer: ${peer}`,
    `low-voltage networks into medium voltage, ${levels.network}: ${levels.rounds} rounds, ${levels.ms.toFixed(0)} ms with compiling`,
    requestTable(requests),
    validationTable(validation)
  ].join('\n')

const exampleNetwork = (path: string): Network => {
  const { network } = parseNetwork(
    JSON.parse(readFileSync(new URL(`../../examples/networks/${path}`, import.meta.url), 'utf8'))
  )
  if (network === undefined) throw new Error(path)
  return network
}

/** Slot n has every load at a share of its own that moves over the day; the peer makes the same. */
const share = (slot: number): number => 0.4 + 0.6 * (0.5 - 0.5 * Math.cos((2 * Math.PI * slot) / SLOTS))

const slotsOf = (compiled: CompiledNetwork): readonly SlotPowers[] =>
  Array.from({ length: SLOTS }, (_, slot) => ({
    loads: {
      p_kW: compiled.loads.p_kW.map(p => p * share(slot)),
      q_kvar: compiled.loads.q_kvar.map(q => q * share(slot))
    }
  }))

const measured = (network: Network): { row: Row; lastVoltages: Float64Array } => {
  const started = performance.now()
  // The pi model is what the peer has; the model changes four numbers of a transformer and no time.
  const { compiled } = compileNetwork(network, { transformerModel: 'pi' })
  if (compiled === undefined) throw new Error(network.name)
  const compileMs = performance.now() - started
  const flow = powerFlow(compiled)
  const limits = limitsOf(compiled)
  const slots = slotsOf(compiled)
  let solveUs = Number.POSITIVE_INFINITY
  let lastVoltages = new Float64Array()
  let seen = 0
  const rounds = network.buses.length > 50_000 ? 3 : ROUNDS
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now()
    for (const powers of slots) {
      const state = flow.solve(powers)
      if (state.status !== 'converged') throw new Error(`${network.name}: ${state.reason}`)
      seen += state.vm_pu[0]!
    }
    solveUs = Math.min(solveUs, ((performance.now() - begun) * 1000) / slots.length)
  }
  const last = flow.solve(slots[slots.length / 2] ?? {})
  if (last.status === 'converged') {
    lastVoltages = last.vm_pu.slice()
    seen += violationsOf(compiled, limits, last).length
  }
  if (Number.isNaN(seen)) throw new Error(`${network.name}: bus without voltage`)
  return { row: { network: network.name, buses: network.buses.length, slots: SLOTS, compileMs, solveUs }, lastVoltages }
}

interface PeerResult {
  readonly us: number
  readonly voltages: readonly number[]
}

/** The peer's results, or why there are none. */
const peerResults = (networks: readonly Network[]): readonly PeerResult[] | string => {
  const folder = mkdtempSync(join(tmpdir(), 'flexledger-bench-grid-'))
  try {
    networks.forEach((network, n) => {
      const shares = Array.from({ length: SLOTS }, (_, slot) => share(slot))
      writeFileSync(join(folder, `${n}.json`), JSON.stringify({ network, shares }))
    })
    const script = fileURLToPath(new URL('../peers/grid-speed.py', import.meta.url))
    const output = execFileSync(process.env['PYTHON'] ?? 'python3', [script, folder, String(networks.length)], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      stdio: ['ignore', 'pipe', 'pipe']
    })
    const results: readonly PeerResult[] = JSON.parse(output)
    return results
  } catch (error) {
    const said = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error)
    return `not measured: ${said}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const difference = (a: Float64Array, b: readonly number[]): number =>
  a.reduce((most, value, n) => Math.max(most, Math.abs(value - (b[n] ?? Number.NaN))), 0)
