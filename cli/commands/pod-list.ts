/** `flexledger pod list`. */
import { listPods, type PodSummary } from '../../projections/pods/query.ts'
import { configOf, openExistingDatabase } from '../app/offline.ts'
import { printJson, printText, table } from '../output.ts'

interface Flags {
  readonly data?: string
  readonly aggregator?: string
  readonly limit: number
  readonly json?: boolean
}

const PAGE = 1_000

export const podList = async (flags: Flags): Promise<void> => {
  const database = await openExistingDatabase(configOf(flags))
  try {
    const visibleTo = flags.aggregator
      ? ({ role: 'aggregator', id: flags.aggregator } as const)
      : ({ role: 'administrator', id: 'cli' } as const)
    const pods: PodSummary[] = []
    let after: string | undefined
    do {
      const limit = Math.min(PAGE, flags.limit - pods.length)
      const page = await listPods(database.query, { visibleTo, limit, ...(after ? { after } : {}) })
      pods.push(...page.items)
      after = page.next
    } while (after && pods.length < flags.limit)
    if (flags.json) printJson({ pods })
    else
      printText(
        table(
          ['PoD', 'aggregator', 'status', 'PoM', 'feeder', 'substation', 'up W', 'down W'],
          pods.map(({ pod, aggregatorId, status, pom, feeder, secondarySubstation, record: { maxFlexibility } }) => [
            pod,
            aggregatorId,
            status,
            pom ?? '–',
            feeder ?? '–',
            secondarySubstation ?? '–',
            maxFlexibility.upperP,
            -maxFlexibility.downP
          ])
        )
      )
  } finally {
    await database.close()
  }
}
