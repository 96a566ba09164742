/** One broker killed in every test run; `node tests/robustness/broker-kill.ts --times 10` kills more, under more offers. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { kafka3ForTests } from '../../infra/engines/for-tests.ts'
import { openStage, playSession } from './broker-drill.ts'
import { faultsOf } from './drill-faults.ts'

/** Three JVMs, three processes, and a change of leader: some 30 s on a machine with nothing else to do. */
t.setTimeout(280_000)
const OFFERS = 200

const cluster = await kafka3ForTests(t)
t.test(
  'a broker killed while offers stream in loses none that was acknowledged, decides none twice, and the session clears as ever',
  { skip: cluster.skip },
  async t => {
    const folder = await mkdtemp(join(tmpdir(), 'flexledger-broker-kill-'))
    t.teardown(() => rm(folder, { recursive: true, force: true }))
    const stage = await openStage(cluster.engine, folder)
    t.teardown(() => stage.close())
    const undisturbed = await playSession(stage, { pom: 'DRILL0', offers: OFFERS, kills: false })
    t.strictSame(faultsOf(undisturbed, undisturbed), [])
    const disturbed = await playSession(stage, { pom: 'DRILL1', offers: OFFERS, kills: true })
    t.comment(JSON.stringify(disturbed))
    t.type(disturbed.killedNode, 'number')
    t.strictSame(faultsOf(disturbed, undisturbed), [])
  }
)
