import t from 'tap'
import { kafkaForTests } from '../../engines/for-tests.ts'
import { joinInProcess } from '../contract-process.ts'
import { logContract } from '../log.contract.ts'
import { openLog } from '../open-log.ts'

/** The least that a broker allows. */
const leaseMs = 6_000

// Killing processes and waiting for sessions to end takes its time: over half a minute together.
t.setTimeout(180_000)

const kafka = await kafkaForTests(t)
if (kafka.skip) t.test('the kafka log keeps the contract of the port', { skip: kafka.skip }, async () => {})
else
  logContract('kafka', async () => ({
    url: kafka.url,
    open: () => openLog(kafka.url, { leaseMs }),
    async member(group, topic) {
      const member = joinInProcess(kafka.url, leaseMs, group, topic)
      await member.said()
      return { crash: () => member.kill() }
    },
    dispose: async () => {}
  }))
