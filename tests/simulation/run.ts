/** `npm run sim -- [--seed N] [--histories M]`: the histories of M seeds from N on; exit 1 if one fails. */
import { parseArgs } from 'node:util'
import { runHistory } from './history.ts'

const usage = 'usage: npm run sim -- [--seed N] [--histories M]'

const wrongUse = (why: string): never => {
  console.error(`${why}\n${usage}`)
  process.exit(2)
}

const flagsOf = () => {
  try {
    const options = { seed: { type: 'string' }, histories: { type: 'string' }, help: { type: 'boolean' } } as const
    return parseArgs({ options }).values
  } catch (error) {
    return wrongUse(error instanceof Error ? error.message : String(error))
  }
}

const flags = flagsOf()
if (flags.help) {
  console.log(usage)
  process.exit(0)
}
const first = Number(flags.seed ?? 1)
const histories = Number(flags.histories ?? (flags.seed === undefined ? 1_000 : 1))
if (!Number.isSafeInteger(first) || !Number.isSafeInteger(histories) || histories < 1)
  wrongUse('A seed is a whole number, and so is how many histories there are, from 1 on.')

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
