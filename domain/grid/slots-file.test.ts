import t from 'tap'
import { aLoad, aNetwork } from './networks.fixtures.ts'
import { parseSlots } from './slots-file.ts'

const network = aNetwork({ loads: [aLoad('B', 300, 100, { id: 'works' }), aLoad('L', 120, 40, { id: 'homes' })] })

t.test('a slot changes what it names and leaves the rest as the network has it', async t => {
  const { slots } = parseSlots([{ title: 'noon', loadsById_kW_kvar: { homes: [7, -1] } }, {}], network)
  t.equal(slots?.length, 2)
  t.equal(slots?.[0]?.title, 'noon')
  t.strictSame([...(slots?.[0]?.powers.loads?.p_kW ?? [])], [300, 7])
  t.strictSame([...(slots?.[0]?.powers.loads?.q_kvar ?? [])], [100, -1])
  t.equal(slots?.[1]?.powers.loads, undefined)
})

t.test('a list without a slot is a mistake, not a day without a result', async t => {
  t.match(parseSlots([], network), { slots: undefined, problems: [{ code: 'missing-data', path: '' }] })
})

t.test('every problem of a slots file is reported with its place', async t => {
  const json = [
    { loadsById_kW_kvar: { homes: [1], 'a/b': [1, 2] }, colour: 1 },
    3,
    { title: 4, generatorsById_kW_kvar: 5 }
  ]
  t.strictSame(
    parseSlots(json, network).problems.map(({ code, path }) => `${code} ${path}`),
    [
      'unknown-field /0/colour',
      'bad-value /0/loadsById_kW_kvar/homes',
      'unknown-element /0/loadsById_kW_kvar/a~1b',
      'bad-value /1',
      'bad-value /2/generatorsById_kW_kvar',
      'bad-value /2/title'
    ]
  )
  t.strictSame(parseSlots({}, network).problems.length, 1)
})
