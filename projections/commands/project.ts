import type { Actor, GridEvent, MarketEvent, RegistryEvent } from '../../schemas/generated.ts'
import type { Outline } from '../../schemas/outline.ts'
import { outlineProjection } from '../runtime/projection.ts'
import { type CommandRow, type CommandTables, commandTables } from './table.ts'

/** Events listed in a row; a whole session's outcome would be megabytes, and is found by its session. */
const EVENTS_LISTED_MAX = 100

type Answer = Outline<RegistryEvent | MarketEvent | GridEvent>
type Handled = Answer['type'] | 'CommandRepeated'

const handles = [
  'AgreementLinked',
  'PodCeased',
  'PodRegistered',
  'PodUpdated',
  'PomAssigned',
  'RegistryCommandRefused',
  'BlockOfferPlaced',
  'MarketCleared',
  'MarketCommandRefused',
  'OfferCleared',
  'OfferPlaced',
  'OfferWithdrawn',
  'OutcomeValidated',
  'PodForgotten',
  'PodNoted',
  'RequestCleared',
  'RequestPlaced',
  'RequestValidated',
  'RequestWithdrawn',
  'ServiceJudged',
  'SessionFinalised',
  'SessionOpened',
  'UnavailabilityDeclared',
  'AlarmRaised',
  'ClearedServiceNoted',
  'FinalOutcomeNoted',
  'FlexibilityRequested',
  'GridAssessed',
  'GridCommandRefused',
  'GridFactPassedOver',
  'GridPodForgotten',
  'GridPodNoted',
  'GridSessionOpened',
  'IndivisibleOfferNoted',
  'MeasurementsNoted',
  'NetworkElementsStaged',
  'NetworkPodsPlaced',
  'NetworkVersionActivated',
  'PlantNoted',
  'PodLocated',
  'ProposalDropped',
  'RegisteredPodNoted',
  'RequestProposed',
  'SeriesForecast',
  'ServiceVerdictGiven',
  'TechnicalValidationDone',
  'ValidatedServiceNoted',
  'WeatherNoted',
  'CommandRepeated'
] as const satisfies readonly Handled[]

/** The compiler refuses this when an answer is missing from the list above. */
const _complete: Handled extends (typeof handles)[number] ? true : never = true
void _complete

export const commandsProjection = outlineProjection<CommandTables, Handled>({
  name: 'commands',
  version: 2,
  topics: ['flex.registry.events', 'flex.market.events', 'flex.grid.events'],
  handles,
  tables: commandTables,
  concerns: ({ idempotencyKey, fedFrom }) => idempotencyKey !== undefined && fedFrom === undefined,
  async apply({ meta, events }, write) {
    const { topic, partition, cause, correlation, idempotencyKey = '', time, count } = meta
    const answers: Answer[] = []
    for (const event of events) {
      if (event.type !== 'CommandRepeated') {
        answers.push(event)
        continue
      }
      const db = await write.statements()
      await db
        .updateTable('commands')
        .set(({ eb }) =>
          event.sameContent ? { repeats: eb('repeats', '+', 1) } : { conflicts: eb('conflicts', '+', 1) }
        )
        .where('id', '=', correlation)
        .where('topic', '=', topic)
        .where('partition', '=', partition)
        .execute()
    }
    if (answers.length === 0) return

    const by = answers.map(actorOf).find(actor => actor !== undefined)
    const refusals = answers.filter(isRefusal)
    const row: CommandRow = {
      id: correlation,
      topic,
      partition,
      cause,
      idempotency_key: idempotencyKey,
      by_role: by?.role ?? null,
      by_id: by?.id ?? null,
      status: refusals.length > 0 ? 'refused' : 'decided',
      decided_at: time,
      events: JSON.stringify(
        answers.slice(0, EVENTS_LISTED_MAX).map(event => ({ type: event.type, subject: subjectOf(event) }))
      ),
      event_count: count,
      reasons: JSON.stringify(refusals.flatMap(refusal => refusal.reasons)),
      repeats: 0,
      conflicts: 0
    }
    write.put('commands', row)
  }
})

const isRefusal = (
  event: Answer
): event is Extract<Answer, { type: 'RegistryCommandRefused' | 'MarketCommandRefused' | 'GridCommandRefused' }> =>
  event.type === 'RegistryCommandRefused' ||
  event.type === 'MarketCommandRefused' ||
  event.type === 'GridCommandRefused'

const actorOf = (event: Answer): Actor | undefined => ('by' in event ? (event.by ?? undefined) : undefined)

/** What the event is about: the narrowest thing that it names. */
const subjectOf = (event: Answer): string => {
  if ('subject' in event) return event.subject
  if ('offerId' in event) return event.offerId
  if ('requestId' in event) return event.requestId
  if ('pod' in event) return event.pod
  if ('series' in event) return event.series
  if ('upload' in event) return event.upload
  if ('sessionId' in event) return event.sessionId
  return event.pom
}
