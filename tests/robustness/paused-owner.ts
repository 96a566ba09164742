/**
 * `node tests/robustness/paused-owner.ts --times 5 [--offers 200] [--json]`: three brokers, and as many sessions, in each of
 * which the owner of the market's partition is paused until another process has decided everything, and goes on then. One
 * line a session; exit code 1 if any reader counted what the paused one wrote.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startForTests } from '../../infra/engines/for-tests.ts'
import { openStage } from '../cluster/stage.ts'
import { playSession } from './broker-drill.ts'
import { type PausedResult, pauseOwner } from './paused-drill.ts'

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '5' },
    offers: { type: 'string', default: '200' },
    json: { type: 'boolean', default: false }
  }
})
const whole = (text: string): number => {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new RangeError(`"${text}" is no whole number above 0`)
  return Number(text)
}
const [times, offers] = [whole(values.times), whole(values.offers)]
const say = (text: string): void => {
  if (!values.json) process.stdout.write(`${text}\n`)
}

const started = await startForTests('kafka-3')
if ('missing' in started) throw new Error(started.missing)
const folder = await mkdtemp(join(tmpdir(), 'flexledger-paused-owner-'))
await chmod(folder, 0o755)
const results: PausedResult[] = []
try {
  const stage = await openStage(started.engine, folder)
  try {
    const { digest } = await playSession(stage, { pom: 'CALM', offers, kills: false })
    for (let time = 1; time <= times; time++) {
      const result = await pauseOwner(stage, folder, { pom: `PAUSED${time}`, offers, digest })
      results.push(result)
      const { pausedMs, lateInMarket, lateInRegistry, faults } = result
      say(
        `${time}: paused for ${pausedMs} ms, late in the market ${JSON.stringify(lateInMarket)}, in the registry ` +
          `${JSON.stringify(lateInRegistry)}${faults.length > 0 ? `: FAILED ${faults.join('; ')}` : ', counted by nobody'}`
      )
    }
  } finally {
    await stage.close()
  }
} finally {
  await started.end()
}
const failures = results.filter(({ faults }) => faults.length > 0).length
if (values.json) process.stdout.write(`${JSON.stringify({ times, offers, failures, results }, null, 2)}\n`)
say(`${times} pauses, ${failures} failures${failures > 0 ? `, see ${folder}` : ''}`)
if (failures === 0) await rm(folder, { recursive: true, force: true })
process.exitCode = failures === 0 ? 0 : 1
