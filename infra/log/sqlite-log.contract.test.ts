import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { joinInProcess } from './contract-process.ts'
import { logContract } from './log.contract.ts'
import { sqliteLog } from './sqlite-log.ts'

const leaseMs = 300

logContract('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'flex-log-'))
  const file = join(folder, 'log.sqlite')
  return {
    url: `sqlite:${file}`,
    open: () => sqliteLog({ file, leaseMs }),
    async member(group, topic) {
      const member = joinInProcess(`sqlite:${file}`, leaseMs, group, topic)
      await member.said()
      return { crash: () => member.kill() }
    },
    dispose: () => rm(folder, { recursive: true })
  }
})
