/** Ends of partitions (their high watermark): those that are asked for in the same turn share one request per broker. */
import { BrokerError } from './broker-errors.ts'
import type { Cluster } from './cluster.ts'
import { type InTopic, listOffsetsRequest } from './requests.ts'

export type EndOffset = (topic: string, partition: number) => Promise<number>

interface Question extends InTopic {
  readonly resolve: (offset: number) => void
  readonly reject: (error: unknown) => void
}

export const endOffsets = (cluster: Cluster): EndOffset => {
  let questions: Question[] = []

  const askAll = () => {
    const asked = questions
    questions = []
    const byLeader = new Map<number, Question[]>()
    for (const question of asked) {
      try {
        const leader = cluster.leaderOf(question.topic, question.partition)
        const known = byLeader.get(leader)
        if (known) known.push(question)
        else byLeader.set(leader, [question])
      } catch (error) {
        question.reject(error)
      }
    }
    for (const [leader, mine] of byLeader) void askLeader(leader, mine)
  }

  const askLeader = async (leader: number, mine: readonly Question[]) => {
    const partitions = [
      ...new Map(mine.map(({ topic, partition }) => [`${topic}/${partition}`, { topic, partition }])).values()
    ]
    try {
      const answers = await cluster.send(leader, 'control', listOffsetsRequest(partitions))
      const byPartition = new Map(answers.map(answer => [`${answer.topic}/${answer.partition}`, answer]))
      for (const { topic, partition, resolve, reject } of mine) {
        const answer = byPartition.get(`${topic}/${partition}`)
        if (answer?.errorCode === 0) resolve(answer.offset)
        else reject(new BrokerError(answer?.errorCode ?? -1, `the end of ${topic}/${partition}`))
      }
    } catch (error) {
      for (const { reject } of mine) reject(error)
    }
  }

  const ask = (topic: string, partition: number): Promise<number> =>
    new Promise((resolve, reject) => {
      if (questions.length === 0) setImmediate(askAll)
      questions.push({ topic, partition, resolve, reject })
    })

  return (topic, partition) => cluster.persistently(() => ask(topic, partition))
}
