/**
 * `node tests/robustness/kill.ts --times 50 [--pods 30] [--seed 1]`: as many market days, each killed several times and
 * started again, against one undisturbed day of the same seed. One line a day; exit code 1 if any ends with other facts.
 * A day that differs keeps its folder, and its line says where.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { momentAt, momentText, playKilled, playUndisturbed, sharesFrom, type Undisturbed } from './killed-day.ts'

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '50' },
    pods: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' }
  }
})
const [times, pods, seed] = [values.times, values.pods, values.seed].map(text => {
  const number = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) throw new RangeError(`"${text}" is no whole number`)
  return number
}) as [number, number, number]

const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}
const folder = () => mkdtemp(join(tmpdir(), 'flexledger-kill-'))
const tidy = (dataDir: string) => rm(dataDir, { recursive: true, force: true })

const calm = async () => {
  const dataDir = await folder()
  const day = await playUndisturbed({ dataDir, pods, seed })
  await tidy(dataDir)
  return day
}
// The quicker of two: moments of a day that something held up would lie behind the end of the others.
const [undisturbed, slower] = [await calm(), await calm()].sort((a, b) => a.took - b.took) as [Undisturbed, Undisturbed]
if (slower.factsDigest !== undisturbed.factsDigest) throw new Error('two undisturbed days have different facts')
say(
  `undisturbed: ${undisturbed.records} records, facts ${undisturbed.factsDigest.slice(0, 16)}, ${Math.round(undisturbed.took)} ms`
)

const drawShares = sharesFrom(seed)
let kills = 0
let failures = 0
for (let time = 1; time <= times; time++) {
  const dataDir = await folder()
  const moments = drawShares().map(share => momentAt(share, undisturbed))
  try {
    const day = await playKilled({ dataDir, pods, seed }, moments)
    kills += day.kills.length
    const isSame = day.factsDigest === undisturbed.factsDigest
    const where = day.kills.map(momentText).join(', ')
    say(`${time}: killed at ${where || 'no moment'}; ${day.records} records, ${isSame ? 'same facts' : 'OTHER FACTS'}`)
    if (!isSame) throw new Error(`facts ${day.factsDigest}`)
    await tidy(dataDir)
  } catch (error) {
    failures++
    say(`${time}: FAILED, see ${dataDir}: ${error instanceof Error ? error.message : error}`)
  }
}
say(`${times} days, ${kills} kills, ${failures} failures`)
process.exitCode = failures === 0 ? 0 : 1
