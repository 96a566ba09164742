/**
 * `npm run bench -- NAME [--json] [--record]`: runs a benchmark and prints its table, or one JSON document. With --record the
 * result is kept in bench/results with machine, commit and date.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

interface Benchmark {
  readonly describe: string
  readonly run: (args: readonly string[], tell: (text: string) => void) => Promise<unknown>
  readonly readable: (result: never) => string
}

const benchmarks: Record<string, () => Promise<Benchmark>> = {
  clearing: async () => import('./clearing.ts'),
  flows: async () => import('./flows/flows.ts'),
  forecast: async () => import('./forecast/forecast.ts'),
  grid: async () => import('./grid/grid.ts'),
  log: async () => import('./log/log.ts'),
  peers: async () => import('./peers/grid.ts'),
  projections: async () => import('./projections.ts')
}

const [name = '', ...rest] = process.argv.slice(2)
const load = benchmarks[name]
const strange = rest.filter(arg => arg.startsWith('--') && arg !== '--json' && arg !== '--record')
if (!load || strange.length > 0) {
  if (load) process.stderr.write(`there is no flag ${strange.join(', ')}\n`)
  process.stderr.write(`usage: npm run bench -- NAME [--json] [--record]\n\n`)
  for (const [known, module] of Object.entries(benchmarks))
    process.stderr.write(`  ${known}  ${(await module()).describe}\n`)
  process.exit(2)
}
const benchmark = await load()
const root = fileURLToPath(new URL('../', import.meta.url))
const git = (...args: string[]): string => {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return ''
  }
}
const result = await benchmark.run(
  rest.filter(arg => !arg.startsWith('--')),
  text => process.stderr.write(`${text}\n`)
)
const document = {
  benchmark: name,
  date: new Date().toISOString(),
  commit: git('rev-parse', '--short', 'HEAD'),
  changed: git('status', '--porcelain') !== '',
  machine: {
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    memoryGB: Math.round(totalmem() / 2 ** 30),
    node: process.version
  },
  result
}
if (rest.includes('--json')) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
else
  process.stdout.write(
    `${benchmark.readable(result as never)}\n\n${document.machine.cpu}, ${document.machine.cores} cores, Node ${process.version}, commit ${document.commit}${document.changed ? ' with changes' : ''}, ${document.date}\n`
  )
if (rest.includes('--record')) {
  mkdirSync(`${root}bench/results`, { recursive: true })
  writeFileSync(`${root}bench/results/${name}.json`, `${JSON.stringify(document, null, 2)}\n`)
}
