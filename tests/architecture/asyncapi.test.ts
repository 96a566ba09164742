import t from 'tap'
import { header } from '../../infra/log/envelope.ts'
import { asyncapiDocument } from '../../schemas/asyncapi.ts'
import { messageTopic } from '../../schemas/generated.ts'
import { recordHeaders } from '../../schemas/record-headers.ts'
import { actorTopic, topics } from '../../schemas/topics.ts'

const document: unknown = JSON.parse(JSON.stringify(asyncapiDocument()))

const at = (path: string): unknown =>
  path.split('/').reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], document)

const references = (node: unknown): readonly string[] => {
  if (typeof node !== 'object' || node === null) return []
  const own = '$ref' in node && typeof node.$ref === 'string' ? [node.$ref] : []
  return [...own, ...Object.values(node).flatMap(references)]
}

t.test('every reference of the AsyncAPI document leads somewhere', async test => {
  const all = references(document)
  test.ok(all.length > 100)
  for (const reference of new Set(all)) test.ok(at(reference.slice(2)) !== undefined, reference)
})

t.test('every topic and every message is in the AsyncAPI document', async test => {
  const addresses = Object.values(at('channels') as Record<string, { address: string }>).map(({ address }) => address)
  for (const name of Object.keys(topics)) test.ok(addresses.includes(name), name)
  for (const name of [actorTopic({ role: 'dso' }).name, 'validated_outcome_{aggregatorId}'])
    test.ok(addresses.includes(name), name)
  test.strictSame(Object.keys(at('components/messages') as object).sort(), Object.keys(messageTopic).sort())
})

t.test('the described headers are those that the envelope writes', async test => {
  test.strictSame(Object.keys(recordHeaders).sort(), Object.values(header).sort())
})
