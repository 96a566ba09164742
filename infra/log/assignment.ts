/**
 * Who should own which partition: a function of the live members alone, so that every instance works it out for itself
 * and all agree once they see the same members. Rendezvous hashing with a bound on the load: of one topic nobody holds
 * more than the mean, rounded up, and a member that comes or goes moves little more than its own share.
 */
import { createHash } from 'node:crypto'
import type { Partition, TopicSpec } from './log.ts'

export interface Member {
  readonly id: string
  readonly topics: readonly string[]
}

/** Each partition of `topics` that some member asks for goes to exactly one member. The result is the part of `memberId`. */
export const assignedPartitions = (
  memberId: string,
  members: readonly Member[],
  topics: readonly TopicSpec[]
): readonly Partition[] =>
  topics
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(topic => {
      const candidates = members.filter(member => member.topics.includes(topic.name)).map(member => member.id)
      return owners(topic, candidates).flatMap((owner, partition) =>
        owner === memberId ? [{ topic: topic.name, partition }] : []
      )
    })

const owners = (topic: TopicSpec, candidates: readonly string[]): readonly string[] => {
  if (candidates.length === 0) return []
  const loadMax = Math.ceil(topic.partitions / candidates.length)
  const loads = new Map<string, number>()
  return Array.from({ length: topic.partitions }, (_, partition) => {
    const free = candidates.filter(id => (loads.get(id) ?? 0) < loadMax)
    const owner = free.reduce((best, id) => (score(id, topic, partition) > score(best, topic, partition) ? id : best))
    loads.set(owner, (loads.get(owner) ?? 0) + 1)
    return owner
  })
}

const score = (memberId: string, topic: TopicSpec, partition: number): string =>
  createHash('sha256').update(`${memberId}\0${topic.name}\0${partition}`).digest('hex')

export const samePartitions = (a: readonly Partition[] | undefined, b: readonly Partition[]): boolean =>
  a !== undefined &&
  a.length === b.length &&
  a.every((one, n) => one.topic === b[n]?.topic && one.partition === b[n].partition)
