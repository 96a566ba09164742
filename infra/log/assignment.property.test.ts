import fc from 'fast-check'
import t from 'tap'
import { assignedPartitions } from './assignment.ts'

const settings = {
  numRuns: Number(process.env.FC_RUNS ?? 200),
  ...(process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {})
}
const names = ['a', 'b', 'c']
const topics = fc
  .uniqueArray(fc.constantFrom(...names), { minLength: 1 })
  .chain(chosen =>
    fc.tuple(...chosen.map(name => fc.record({ name: fc.constant(name), partitions: fc.integer({ min: 1, max: 20 }) })))
  )
const members = fc.uniqueArray(
  fc.record({ id: fc.string({ minLength: 1 }), topics: fc.uniqueArray(fc.constantFrom(...names)) }),
  { selector: ({ id }) => id, maxLength: 6 }
)

t.test(
  'each partition that somebody asks for belongs to exactly one member, and to one that asked for it',
  async () => {
    fc.assert(
      fc.property(topics, members, (topics, members) => {
        const owned = members.flatMap(member =>
          assignedPartitions(member.id, members, topics).map(({ topic, partition }) => {
            if (!member.topics.includes(topic)) throw new Error(`${member.id} did not ask for ${topic}`)
            return `${topic}/${partition}`
          })
        )
        const wanted = topics
          .filter(({ name }) => members.some(member => member.topics.includes(name)))
          .flatMap(({ name, partitions }) => Array.from({ length: partitions }, (_, n) => `${name}/${n}`))
        return owned.toSorted().join() === wanted.toSorted().join()
      }),
      settings
    )
  }
)

t.test(
  'of one topic nobody holds more than the mean, rounded up, in whatever order the members are listed',
  async () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 8 }), (partitions, count) => {
        const members = Array.from({ length: count }, (_, n) => ({ id: `member ${n}`, topics: ['a'] }))
        return members.every(({ id }) => {
          const share = assignedPartitions(id, members, [{ name: 'a', partitions }])
          const again = assignedPartitions(id, members.toReversed(), [{ name: 'a', partitions }])
          return share.length <= Math.ceil(partitions / count) && JSON.stringify(share) === JSON.stringify(again)
        })
      }),
      settings
    )
  }
)

t.test('a member that joins nine others moves fewer than half of 100 partitions', async t => {
  const topic = [{ name: 'a', partitions: 100 }]
  const nine = Array.from({ length: 9 }, (_, n) => ({ id: `member ${n}`, topics: ['a'] }))
  const ten = [...nine, { id: 'member 9', topics: ['a'] }]
  const kept = nine.flatMap(({ id }) => {
    const before = new Set(assignedPartitions(id, nine, topic).map(({ partition }) => partition))
    return assignedPartitions(id, ten, topic).filter(({ partition }) => before.has(partition))
  })
  t.ok(kept.length > 50, `${kept.length} stayed where they were`)
})
