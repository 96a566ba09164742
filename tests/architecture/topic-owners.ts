/**
 * That every topic has an owner: a record of an outbox, of an actor's topic or of parked records has one possible writer,
 * and that writer is a folder of the repository. An inbox has several writers and one reader, the processor that decides.
 * The two topics of a processor have the same key and the same partitions, else "the next command is cause + 1" has no sense.
 */
import type { TopicDefinition } from '../../schemas/topics.ts'

export const topicViolations = (
  topics: Readonly<Record<string, TopicDefinition>>,
  exists: (folder: string) => boolean
): readonly string[] =>
  Object.entries(topics).flatMap(([name, topic]) => [...ownerOf(name, topic, exists), ...pairOf(topic, topics)])

const ownerOf = (name: string, topic: TopicDefinition, exists: (folder: string) => boolean): readonly string[] => {
  const unknown = topic.writers
    .filter(writer => !exists(writer))
    .map(writer => `${name}: its writer ${writer} is no folder`)
  const misnamed = name === topic.name ? [] : [`${name}: is called ${topic.name}`]
  const owners =
    topic.kind === 'inbox'
      ? topic.writers.length > 0 && topic.readers.length === 1 && topic.readers.every(exists)
        ? []
        : [`${name}: an inbox has writers, and one reader that is a folder`]
      : topic.writers.length === 1
        ? []
        : [`${name}: has ${topic.writers.length} writers instead of one owner`]
  return [...misnamed, ...unknown, ...owners]
}

const pairOf = (topic: TopicDefinition, topics: Readonly<Record<string, TopicDefinition>>): readonly string[] => {
  if (topic.kind !== 'inbox') return []
  const outbox = topics[topic.name.replace(/\.commands$/, '.events')]
  if (outbox === undefined || outbox.kind !== 'outbox') return [`${topic.name}: has no outbox beside it`]
  return outbox.key === topic.key && outbox.partitions === topic.partitions && outbox.writers[0] === topic.readers[0]
    ? []
    : [`${topic.name}: differs from its outbox in key, partitions or owner`]
}
