import { joinInProcess } from '../contract-process.ts'
import { logContract } from '../log.contract.ts'
import { kafkaLog } from './kafka-log.ts'

const url = process.env['FLEX_TEST_KAFKA_URL'] ?? ''
const [host = '', port = ''] = url.replace('kafka:', '').split(':')
logContract('kafka', async () => ({
  url,
  open: () => kafkaLog({ brokers: [{ host, port: Number(port) }] }),
  async member(group, topic) {
    const member = joinInProcess(url, 6_000, group, topic)
    await member.said()
    return { crash: () => member.kill() }
  },
  dispose: async () => {}
}))
