/** Which messages stand on which topic: those of its folder, and what the runtime writes to outboxes and parked topics. */
import { type Message, messageTopic } from './generated.ts'
import { actorTopic, type TopicDefinition, topics } from './topics.ts'

export interface TopicWithMessages {
  readonly topic: TopicDefinition
  readonly messages: readonly Message['type'][]
}

const inFolder = (folder: string): readonly Message['type'][] =>
  (Object.keys(messageTopic) as Message['type'][]).filter(type => messageTopic[type] === folder)

/** Of the final outcomes, each actor gets its own (flow 5). */
const dsoAndTso: readonly Message['type'][] = ['OutcomeValidated', 'RequestValidated', 'SessionFinalised']

const messagesOn = (topic: TopicDefinition): readonly Message['type'][] => {
  switch (topic.kind) {
    case 'inbox':
      return inFolder(topic.name)
    case 'outbox':
      return [...inFolder(topic.name), 'CommandRepeated', 'OwnershipTaken', 'RecordParked']
    case 'parked':
      return ['RecordParked']
    case 'actor':
      return dsoAndTso
  }
}

const byClock: readonly Message['type'][] = ['OpenSession', 'CloseSession', 'EndValidation']
const byFeed: readonly Message['type'][] = [
  'NotePod',
  'ForgetPod',
  'LocatePod',
  'NoteRegisteredPod',
  'NoteGridPod',
  'ForgetGridPod',
  'AssessSession',
  'NoteIndivisibleOffer',
  'NoteClearedService',
  'ValidateServices',
  'NoteValidatedService',
  'NoteFinalOutcome'
]
/** An operator's own platform sends them by REST; the built-in one decides them, and a feed carries them. */
const byBoth: readonly Message['type'][] = ['AssignPom', 'PlaceRequest', 'JudgeService', 'CompleteTechnicalOutcome']

/** Who appends a message where it first stands. */
export const writersOf = (type: Message['type']): readonly string[] => {
  const home = messageTopic[type]
  if (home === 'flex.runtime') return ['the processor that owns the partition']
  if (byClock.includes(type)) return ['processors/clock']
  if (byFeed.includes(type)) return ['processors/feeds']
  if (byBoth.includes(type)) return ['gateway', 'processors/feeds']
  return home.endsWith('.commands') ? ['gateway'] : topics[home].writers
}

/** `<AGG>` stands for an aggregator's id: there is one such topic for each. */
export const topicsWithMessages: readonly TopicWithMessages[] = [
  ...Object.values(topics).map(topic => ({ topic, messages: messagesOn(topic) })),
  { topic: actorTopic({ role: 'dso' }), messages: dsoAndTso },
  { topic: actorTopic({ role: 'tso' }), messages: dsoAndTso },
  { topic: actorTopic({ role: 'aggregator', id: '<AGG>' }), messages: ['OutcomeValidated'] }
]
