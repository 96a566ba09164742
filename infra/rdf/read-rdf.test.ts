import t from 'tap'
import { readRdf } from './read-rdf.ts'

const rdf = (body: string): string =>
  `<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:cim="http://iec.ch/TC57/2013/CIM-schema-cim16#">${body}</rdf:RDF>`
const read = (...bodies: string[]) => readRdf(bodies.map((text, n) => ({ file: `${n}.xml`, text })))

t.test('files that speak of one object are put together, whatever the form of its id', async t => {
  const { objects, faults } = read(
    rdf('<cim:Terminal rdf:ID="_a1"><cim:Terminal.Equipment rdf:resource="#_e"/></cim:Terminal>'),
    rdf('<cim:Terminal rdf:about="#_a1"><cim:Terminal.connected>true</cim:Terminal.connected></cim:Terminal>'),
    rdf('<cim:Terminal rdf:about="urn:uuid:a1"><cim:Terminal.node rdf:resource="urn:uuid:n"/></cim:Terminal>')
  )
  t.strictSame(faults, [])
  t.equal(objects.size, 1)
  t.strictSame(
    [...(objects.get('a1')?.values ?? [])],
    [
      ['Terminal.Equipment', ['e']],
      ['Terminal.connected', ['true']],
      ['Terminal.node', ['n']]
    ]
  )
})

t.test('the class is that of the file that defines the object', async t => {
  const { objects } = read(rdf('<cim:Equipment rdf:about="#_a"/>'), rdf('<cim:Breaker rdf:ID="_a"/>'))
  t.equal(objects.get('a')?.type, 'Breaker')
})

t.test('text is decoded and trimmed, repeated values are kept, names of enumerations lose their address', async t => {
  const { objects } = read(
    rdf(
      '<cim:A rdf:ID="_a"><cim:A.name> R&amp;D &#233; </cim:A.name><cim:A.of rdf:resource="#_1"/><cim:A.of rdf:resource="#_2"/><cim:A.kind rdf:resource="http://iec.ch/x#Kind.one"/></cim:A>'
    )
  )
  const values = objects.get('a')?.values
  t.strictSame(values?.get('A.name'), ['R&D é'])
  t.strictSame(values?.get('A.of'), ['1', '2'])
  t.strictSame(values?.get('A.kind'), ['Kind.one'])
})

const broken: readonly [string, string, RegExp][] = [
  ['is not closed', rdf('<cim:A rdf:ID="_a">'), /line 1/],
  ['is no RDF', '<html/>', /not rdf:RDF/],
  ['is no XML', '{"a": 1}', /line 1/],
  ['has an object without an id', rdf('<cim:A/>'), /neither rdf:ID nor rdf:about/],
  ['declares a document type', '<!DOCTYPE x [<!ENTITY a "aaaa">]><x/>', /document type/]
]

for (const [title, text, detail] of broken)
  t.test(`a file that ${title} is a fault with its place, and the other files are still read`, async t => {
    const { objects, faults } = read(text, rdf('<cim:B rdf:ID="_b"/>'))
    t.equal(faults.length, 1)
    t.equal(faults[0]?.file, '0.xml')
    t.match(faults[0]?.detail, detail)
    t.ok(objects.has('b'))
  })

t.test('a text of several chunks is read as one', async t => {
  const { objects, faults } = read(
    rdf(Array.from({ length: 5_000 }, (_, n) => `<cim:A rdf:ID="_${n}"><cim:A.n>${n}</cim:A.n></cim:A>`).join('\n'))
  )
  t.strictSame(faults, [])
  t.equal(objects.size, 5_000)
  t.strictSame(objects.get('4999')?.values.get('A.n'), ['4999'])
})
