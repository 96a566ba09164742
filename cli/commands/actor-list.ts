/** `flexledger actor list`: who is on the access lists for which topic. */
import { groupPrefixOf } from '../../infra/access/kafka-access.ts'
import { openActorAccess } from '../app/actor-access.ts'
import { configOf } from '../app/offline.ts'
import { type OutputFlags, printJson, printText, table } from '../output.ts'

export const actorList = async (flags: OutputFlags): Promise<void> => {
  const access = await openActorAccess(configOf({}))
  try {
    const actors = (await access.readers()).map(({ name, topics }) => ({
      actor: name,
      topics,
      groups: `${groupPrefixOf(name)}*`
    }))
    if (flags.json) printJson({ actors })
    else
      printText(
        table(
          ['actor', 'topics', 'groups'],
          actors.map(({ actor, topics, groups }) => [actor, topics.join(' '), groups])
        )
      )
  } finally {
    await access.close()
  }
}
