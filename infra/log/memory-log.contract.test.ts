import { logContract } from './log.contract.ts'
import { memoryLog, memoryStore } from './memory-log.ts'

const leaseMs = 150

logContract('memory', async () => {
  const store = memoryStore()
  return {
    open: async () => memoryLog(store, { leaseMs }),
    async member(group, topic) {
      const log = memoryLog(store, { leaseMs })
      const joined = log.assignments(group, [topic], new AbortController().signal)[Symbol.asyncIterator]()
      await joined.next()
      return { crash: async () => log.crash() }
    },
    dispose: async () => {}
  }
})
