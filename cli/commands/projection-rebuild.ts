/** `flexledger projection rebuild`. */

import { openDatabase } from '../../infra/sql/open-database.ts'
import { projections } from '../../projections/all.ts'
import { rebuildProjection } from '../../projections/runtime/rebuild.ts'
import { configOf, openExistingLog } from '../app/offline.ts'
import { type OutputFlags, printJson, printText, progress, progressDone, UsageError } from '../output.ts'

export const projectionRebuild = async (
  names: readonly string[],
  flags: OutputFlags & { readonly data?: string }
): Promise<void> => {
  const unknown = names.filter(name => !projections.some(projection => projection.name === name))
  if (unknown.length > 0)
    throw new UsageError(
      `no such projection: ${unknown.join(', ')}; there are ${projections.map(({ name }) => name).join(', ')}`
    )
  const config = configOf(flags)
  const log = await openExistingLog(config)
  const database = await openDatabase<object>(config.databaseUrl)
  const tell = progress(flags)
  const done: { projection: string; generation: number; problems: number }[] = []
  try {
    for (const projection of projections) {
      if (names.length > 0 && !names.includes(projection.name)) continue
      let problems = 0
      const generation = await rebuildProjection(projection, {
        db: database.query,
        log,
        onProgress: ({ topic, partition, nextOffset, endOffset }) =>
          tell(`${projection.name}: ${topic}/${partition} ${nextOffset} of ${endOffset}`),
        onProblem: () => problems++
      })
      done.push({ projection: projection.name, generation, problems })
    }
    progressDone(flags)
    if (flags.json) printJson({ rebuilt: done })
    else
      for (const { projection, generation, problems } of done)
        printText(
          `${projection}: generation ${generation}${problems > 0 ? `, ${problems} records could not be applied` : ''}`
        )
  } finally {
    await database.close()
    await log.close()
  }
}
