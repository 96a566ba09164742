/** `flexledger log digest`. */
import { logDigest } from '../app/log-digest.ts'
import { configOf, openExistingLog } from '../app/offline.ts'
import { printJson, printText } from '../output.ts'

export const printLogDigest = async (flags: { data?: string; json?: boolean }): Promise<void> => {
  const log = await openExistingLog(configOf(flags))
  try {
    const digest = await logDigest(log)
    if (flags.json) printJson(digest)
    else
      printText(
        `records      ${digest.records}\nfacts        ${digest.facts}\ndigest       ${digest.digest}\nfactsDigest  ${digest.factsDigest}`
      )
  } finally {
    await log.close()
  }
}
