import t from 'tap'
import { examples } from '../../schemas/examples.ts'
import type { Message } from '../../schemas/generated.ts'
import { actorTopics, actorTopicTypes } from './actor-topics.ts'

const { OutcomeValidated, RequestValidated, SessionFinalised } = examples
const allocation = OutcomeValidated.allocations[0]!
const forDso = { ...allocation, requestId: 'OF-DSO', side: 'DSO' } as const
const forTso = { ...allocation, requestId: 'OF-TSO', side: 'TSO' } as const

const copies = (event: Message) => new Map(actorTopics(event).map(({ topic, event: copy }) => [topic.name, copy]))

t.test(
  'FL-5, FR_MP_FS_5.c, MP-KAF-01: an outcome goes to its aggregator, the DSO, and its part of it to the TSO',
  async t => {
    const both = copies({ ...OutcomeValidated, aggregatorId: 'ACEAE', allocations: [forDso, forTso] })
    t.strictSame([...both.keys()].sort(), ['validated_outcome_ACEAE', 'validated_outcome_DSO', 'validated_outcome_TSO'])
    t.match(both.get('validated_outcome_ACEAE'), { allocations: [forDso, forTso] })
    t.strictSame(
      (both.get('validated_outcome_TSO') as typeof OutcomeValidated).allocations.map(({ requestId }) => requestId),
      ['OF-TSO'],
      'nothing of what the DSO asked for'
    )
    const ofDso = copies({ ...OutcomeValidated, aggregatorId: 'EGEOE', allocations: [forDso] })
    t.strictSame([...ofDso.keys()].sort(), ['validated_outcome_DSO', 'validated_outcome_EGEOE'])
  }
)

t.test('FL-5: what became of a request goes to its operator alone, the end of a session to both operators', async t => {
  t.strictSame([...copies({ ...RequestValidated, side: 'DSO' }).keys()], ['validated_outcome_DSO'])
  t.strictSame([...copies({ ...RequestValidated, side: 'TSO' }).keys()], ['validated_outcome_TSO'])
  t.strictSame([...copies(SessionFinalised).keys()], ['validated_outcome_DSO', 'validated_outcome_TSO'])
})

t.test('nothing else of the market goes to any actor', async t => {
  const copied: readonly string[] = actorTopicTypes
  for (const event of Object.values(examples) as readonly Message[])
    t.equal(actorTopics(event).length > 0, copied.includes(event.type), event.type)
})
