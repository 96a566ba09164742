import t from 'tap'
import { asText, coverageOf, type Requirement } from './coverage.ts'
import { repositoryCoverage, requirements } from './repository.ts'
import { idsOf, titlesIn } from './titles.ts'

t.test('every id in the title of a test is in the catalogue', async t => {
  t.strictSame(repositoryCoverage().unknown, [])
})

t.test('the catalogue has each id once, with a section and a title of at most 80 characters', async t => {
  const ids = requirements.map(({ id }) => id)
  t.equal(new Set(ids).size, ids.length)
  t.strictSame(
    requirements.filter(({ section, title }) => section === '' || title === '' || title.length > 80),
    []
  )
  t.strictSame(
    ids.filter(id => idsOf(`${id}: x`)[0] !== id),
    [],
    'each is found at the beginning of a title'
  )
})

t.test('the ids of a title are those before its colon, and nothing that only looks like one', async t => {
  t.strictSame(idsOf('T-17: a block is taken once'), ['T-17'])
  t.strictSame(idsOf('FR_MP_FS_4, FR_MP_FS_5.c: each sees its own part'), ['FR_MP_FS_4', 'FR_MP_FS_5.c'])
  t.strictSame(idsOf('FR_AP_MI&O_2.b MP-CLR-02: offers are sent'), ['FR_AP_MI&O_2.b', 'MP-CLR-02'])
  t.strictSame(idsOf('a block is taken once, as T-17: says'), [])
  t.strictSame(idsOf('ZDT-1 is reached'), [])
  t.strictSame(idsOf('PoD: is read'), [])
})

t.test('titles are found in every quotation, and those of skipped tests are not', async t => {
  const text = [
    "t.test('T-01: one', async t => {})",
    't.test(\n  "T-02: two", async t => {})',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a source that holds a template
    't.test(`T-03: ${name} three`, async t => {})',
    "t.test('T-04: four', { skip: 'no broker' }, async t => {})",
    "await t.test('T-05: it\\'s five', async t => {})",
    "latest('T-06: no call of test')"
  ].join('\n')
  t.strictSame(
    titlesIn('a.test.ts', text).map(({ title }) => title),
    ['T-01: one', 'T-02: two', 'T-03: ', "T-05: it's five"]
  )
})

t.test('the report counts a row once, however many tests hold it, and names ids that nobody knows', async t => {
  const rows: readonly Requirement[] = [
    { id: 'T-01', section: 'T', title: 'one' },
    { id: 'T-02', section: 'T', title: 'two' },
    { id: 'T-03', section: 'T', title: 'three', cancelled: true }
  ]
  const titles = titlesIn('a.test.ts', "test('T-01: a')\ntest('T-01, T-99: b')\ntest('c')")
  const coverage = coverageOf(rows, titles)
  t.strictSame(coverage.totals, { requirements: 3, cancelled: 1, held: 1, tests: 2 })
  t.strictSame(
    coverage.unknown.map(({ id }) => id),
    ['T-99']
  )
  t.match(asText(coverage, false), /1 of 2 requirements have a test/)
  t.match(asText(coverage, true), /- T-02/)
  t.notMatch(asText(coverage, true), /T-03/)
})
