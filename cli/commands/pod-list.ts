/** `flexledger pod list`. */
import { listPods } from '../../projections/pods/query.ts'
import { configOf, openExistingDatabase } from '../app/offline.ts'
import { firstRows } from '../app/pages.ts'
import { printJson, printText, table } from '../output.ts'

interface Flags {
  readonly data?: string
  readonly aggregator?: string
  readonly limit: number
  readonly json?: boolean
}

export const podList = async (flags: Flags): Promise<void> => {
  const database = await openExistingDatabase(configOf(flags))
  try {
    const visibleTo = flags.aggregator
      ? ({ role: 'aggregator', id: flags.aggregator } as const)
      : ({ role: 'administrator', id: 'cli' } as const)
    const pods = await firstRows(flags.limit, request => listPods(database.query, { visibleTo, ...request }))
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
