/**
 * `node tests/robustness/broker-kill.ts --times 10 [--offers 1500] [--json]`: three brokers, and as many sessions, in each of
 * which the leader of the market's partition is killed while offers stream in; before them one session that nothing happens
 * to. One line a session; exit code 1 if any has lost or doubled anything, or ends with another outcome.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startForTests } from '../../infra/engines/for-tests.ts'
import { openStage, restore } from '../cluster/stage.ts'
import { type DrillResult, playSession } from './broker-drill.ts'
import { faultsOf } from './drill-faults.ts'

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '10' },
    offers: { type: 'string', default: '1500' },
    json: { type: 'boolean', default: false }
  }
})
const whole = (text: string): number => {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new RangeError(`"${text}" is no whole number above 0`)
  return Number(text)
}
const [times, offers] = [whole(values.times), whole(values.offers)]
const say = (text: string): void => {
  if (!values.json) process.stdout.write(`${text}\n`)
}

const started = await startForTests('kafka-3')
if ('missing' in started) throw new Error(started.missing)
const folder = await mkdtemp(join(tmpdir(), 'flexledger-broker-kill-'))
await chmod(folder, 0o755)
const results: (DrillResult & { readonly faults: readonly string[] })[] = []
try {
  const stage = await openStage(started.engine, folder)
  try {
    for (let time = 0; time <= times; time++) {
      const result = await playSession(stage, { pom: `DRILL${time}`, offers, kills: time > 0 })
      const faults = faultsOf(result, results[0] ?? result)
      results.push({ ...result, faults })
      say(
        `${time === 0 ? 'undisturbed' : `${time}: node ${result.killedNode} killed`}: ${result.acknowledged} acknowledged, ` +
          `${result.decided} decided, doubled ${result.doubled}, lost ${result.lost}, longest pause ${result.longestPauseMs} ms, ` +
          `clearing ${result.digest.slice(0, 16)}, on the way ${JSON.stringify(result.metOnTheWay)}, ` +
          `${result.onActorTopic} on the actor's topic, ${result.projectedStatus}${faults.length > 0 ? `: FAILED ${faults.join('; ')}` : ''}`
      )
      if (time > 0) await restore(stage)
    }
  } finally {
    await stage.close()
  }
} finally {
  await started.end()
}
const failures = results.filter(({ faults }) => faults.length > 0).length
if (values.json) process.stdout.write(`${JSON.stringify({ times, offers, failures, results }, null, 2)}\n`)
say(`${times} kills, ${failures} failures${failures > 0 ? `, see ${folder}` : ''}`)
if (failures === 0) await rm(folder, { recursive: true, force: true })
process.exitCode = failures === 0 ? 0 : 1
