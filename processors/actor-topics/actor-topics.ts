/**
 * Flow 5: the final outcomes, filtered onto one topic per actor (FR_MP_FS_5.c, MP-KAF-01). An aggregator gets its own
 * services, the TSO the parts that serve it, the DSO everything that happens in its grid.
 */
import type { Message } from '../../schemas/generated.ts'
import { actorTopic, type TopicDefinition } from '../../schemas/topics.ts'

interface Copy {
  readonly topic: TopicDefinition
  readonly event: Message
}

const dso = actorTopic({ role: 'dso' })
const tso = actorTopic({ role: 'tso' })

/** What is copied; everything else in the outbox is passed over. */
export const actorTopicTypes = [
  'OutcomeValidated',
  'RequestValidated',
  'SessionFinalised'
] as const satisfies readonly Message['type'][]

export const actorTopics = (event: Message): readonly Copy[] => {
  switch (event.type) {
    case 'OutcomeValidated': {
      const own = { topic: actorTopic({ role: 'aggregator', id: event.aggregatorId }), event }
      const forTso = event.allocations.filter(({ side }) => side === 'TSO')
      const copies = [own, { topic: dso, event }]
      return forTso.length > 0 ? [...copies, { topic: tso, event: { ...event, allocations: forTso } }] : copies
    }
    case 'RequestValidated':
      return [{ topic: event.side === 'DSO' ? dso : tso, event }]
    case 'SessionFinalised':
      return [
        { topic: dso, event },
        { topic: tso, event }
      ]
    default:
      return []
  }
}
