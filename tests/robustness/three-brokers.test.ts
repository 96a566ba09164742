/**
 * One broker killed and one owner paused in every test run, on the same three brokers. More of each, under more offers:
 * `node tests/robustness/broker-kill.ts --times 10`, `node tests/robustness/paused-owner.ts --times 5`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { kafka3ForTests } from '../../infra/engines/for-tests.ts'
import { openStage } from '../cluster/stage.ts'
import { playSession } from './broker-drill.ts'
import { faultsOf } from './drill-faults.ts'
import { pauseOwner } from './paused-drill.ts'

/** Three JVMs, four processes, a change of leader and one of owner: about a minute on a machine with nothing else to do. */
t.setTimeout(290_000)
const OFFERS = 200

const cluster = await kafka3ForTests(t)
if (cluster.skip !== false) t.test('three brokers', { skip: cluster.skip }, async () => {})
else {
  const folder = await mkdtemp(join(tmpdir(), 'flexledger-three-brokers-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const stage = await openStage(cluster.engine, folder)
  t.teardown(() => stage.close())
  const undisturbed = await playSession(stage, { pom: 'CALM', offers: OFFERS, kills: false })

  t.test(
    'a session on three brokers clears, and its outcome is in the tables and on the topic of the actor',
    async t => {
      t.strictSame(faultsOf(undisturbed, undisturbed), [])
    }
  )

  t.test('what a paused owner writes when it wakes up is on the log, and no reader counts it', async t => {
    const paused = await pauseOwner(stage, folder, { pom: 'PAUSED', offers: OFFERS, digest: undisturbed.digest })
    t.comment(JSON.stringify(paused))
    t.strictSame(paused.faults, [])
  })

  t.test(
    'a broker killed while offers stream in loses none that was acknowledged, and none is decided twice',
    async t => {
      const disturbed = await playSession(stage, { pom: 'KILLED', offers: OFFERS, kills: true })
      t.comment(JSON.stringify(disturbed))
      t.type(disturbed.killedNode, 'number')
      t.strictSame(faultsOf(disturbed, undisturbed), [])
    }
  )
}
