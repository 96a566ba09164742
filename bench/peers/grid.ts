/**
 * `npm run bench -- peers [FOLDER]` or `node bench/peers/grid.ts [FOLDER]`: networks of pandapower and SimBench solved here, by pandapower and by
 * power-grid-model; largest differences. Ends with 1 where a voltage differs by more than 1e-8 pu. The Python beside it
 * (requirements.txt; PYTHON names the interpreter) writes the networks and its solutions first.
 *
 * power-grid-model knows only the pi transformer, so it is compared with that model.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { table } from '../../cli/output.ts'
import type { TransformerModel } from '../../domain/grid/branch-admittance.ts'
import { compileNetwork } from '../../domain/grid/compile-network.ts'
import { parseNetwork } from '../../domain/grid/network-file.ts'
import { type GridState, powerFlow } from '../../domain/grid/power-flow.ts'

interface Case {
  readonly network: unknown
  readonly pandapower: Readonly<Record<string, readonly (number | null)[]>>
  readonly powerGridModelVoltages: readonly (number | null)[] | null
}

const VOLTAGE_TOLERANCE_PU = 1e-8

const solved = (
  json: unknown,
  transformerModel: TransformerModel
): { shape: string; buses: number; state: GridState } => {
  const { network, problems } = parseNetwork(json)
  const result = network && compileNetwork(network, { transformerModel })
  if (result?.compiled === undefined) throw new Error(JSON.stringify(result?.problems ?? problems))
  const state = powerFlow(result.compiled).solve()
  if (state.status === 'diverged') throw new Error(`diverged at ${state.bus}`)
  return { shape: result.compiled.equations.shape, buses: result.compiled.network.buses.length, state }
}

const difference = (a: ArrayLike<number>, b: readonly (number | null)[] | null | undefined): number => {
  if (b === null || b === undefined) return Number.NaN
  let most = a.length === b.length ? 0 : Number.POSITIVE_INFINITY
  for (const [n, value] of Array.from(a).entries()) {
    const other = b[n] ?? Number.NaN
    if (Number.isNaN(value) && Number.isNaN(other)) continue
    const gap = Math.abs(value - other)
    most = gap <= most ? most : gap
  }
  return most
}

/** pandapower gives 0 for what is out of service, here it has no value. */
const withZeros = (values: Float64Array): Float64Array => values.map(value => (Number.isNaN(value) ? 0 : value))
const zeros = (values: readonly (number | null)[] | undefined) => values?.map(value => value ?? 0)
const short = (value: number): string => (Number.isNaN(value) ? '–' : value.toExponential(1))

export const describe =
  'more than 20 networks beside pandapower and power-grid-model (Python, see bench/peers/README.md)'

interface Row {
  readonly network: string
  readonly shape: string
  readonly buses: number
  readonly voltagePu: number
  readonly angleDegree: number
  readonly lineLosses_kW: number
  readonly transformerPercent: number
  /** With the pi transformer, beside power-grid-model. */
  readonly gridModelVoltagePu: number
}

interface Compared {
  readonly rows: readonly Row[]
  readonly largestVoltagePu: number
  readonly tolerancePu: number
}

/** Of each network the largest difference. */
export const run = async ([given]: readonly string[]): Promise<Compared> => {
  const folder = given ?? withPeers()
  const rows = readdirSync(folder)
    .filter(name => name.endsWith('.json'))
    .toSorted()
    .map((file): Row => {
      const { network, pandapower, powerGridModelVoltages }: Case = JSON.parse(readFileSync(join(folder, file), 'utf8'))
      const { shape, buses, state } = solved(network, 't')
      return {
        network: file.replace('.json', ''),
        ...{ shape, buses },
        voltagePu: difference(state.vm_pu, pandapower['vm_pu']),
        angleDegree: difference(state.va_degree, pandapower['va_degree']),
        lineLosses_kW: difference(withZeros(state.lines.losses_kW), zeros(pandapower['lineLosses_kW'])),
        transformerPercent: difference(
          withZeros(state.transformers.loadingPercent),
          zeros(pandapower['transformerLoadingPercent'])
        ),
        gridModelVoltagePu: difference(solved(network, 'pi').state.vm_pu, powerGridModelVoltages)
      }
    })
  // What could not be compared is NaN, and NaN is not within the tolerance.
  const largestVoltagePu = Math.max(...rows.flatMap(row => [row.voltagePu, row.gridModelVoltagePu]))
  if (!(largestVoltagePu < VOLTAGE_TOLERANCE_PU)) process.exitCode = 1
  return { rows, largestVoltagePu, tolerancePu: VOLTAGE_TOLERANCE_PU }
}

export const readable = ({ rows, largestVoltagePu }: Compared): string =>
  `${table(
    ['network', 'shape', 'buses', 'voltage pu', 'angle °', 'line losses kW', 'transformer %', 'power-grid-model pu'],
    rows.map(row => [
      ...[row.network, row.shape, row.buses, short(row.voltagePu), short(row.angleDegree), short(row.lineLosses_kW)],
      ...[short(row.transformerPercent), short(row.gridModelVoltagePu)]
    ])
  )}\n\n${rows.length} networks; the largest difference of a voltage is ${short(largestVoltagePu)} pu`

/** The Python programs write the networks with their solutions. */
const withPeers = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'flexledger-peers-'))
  const script = fileURLToPath(new URL('networks.py', import.meta.url))
  try {
    execFileSync(process.env['PYTHON'] ?? 'python3', [script, folder], { stdio: 'inherit' })
  } catch {
    process.stderr.write('the peers did not run; PYTHON names an interpreter with bench/peers/requirements.txt\n')
    process.exit(3)
  }
  return folder
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.stdout.write(`${readable(await run(process.argv.slice(2)))}\n`)
