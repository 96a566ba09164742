/** `node tests/simulation/run.ts [--seed N] [--histories M]`: the histories of M seeds from N on; exit 1 if one fails. */
import { parseArgs } from 'node:util'
import { runHistory } from './history.ts'

const { values } = parseArgs({ options: { seed: { type: 'string' }, histories: { type: 'string' } } })
const first = Number(values.seed ?? 1)
const histories = Number(values.histories ?? (values.seed === undefined ? 1_000 : 1))
if (!Number.isSafeInteger(first) || !Number.isSafeInteger(histories) || histories < 1) {
  console.error('usage: node tests/simulation/run.ts [--seed N] [--histories M]')
  process.exit(2)
}

const totals: Record<string, number> = {}
let failed = 0
for (let seed = first; seed < first + histories; seed++) {
  const { problems, counts } = await runHistory({ seed })
  for (const [what, count] of Object.entries(counts)) totals[what] = (totals[what] ?? 0) + count
  if (problems.length === 0) continue
  failed++
  for (const problem of problems) console.error(problem)
  console.error(`repeat: node tests/simulation/run.ts --seed ${seed}`)
}
console.log(`${histories} histories, ${failed} failed: ${JSON.stringify(totals)}`)
process.exitCode = failed > 0 ? 1 : 0
