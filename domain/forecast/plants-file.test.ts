import t from 'tap'
import { parsePlants } from './plants-file.ts'
import { rome } from './series.fixtures.ts'

t.test('plants of every kind are read', async t => {
  const wind = { kind: 'wind', rated_W: 1e6, hubHeight_m: 80, cutIn_m_s: 3, rated_m_s: 12, cutOut_m_s: 25 }
  const { plants, problems } = parsePlants({ PV: rome, W: wind, H: { kind: 'other' }, L: { kind: 'load' } })
  t.same(problems, [])
  t.same(Object.fromEntries(plants ?? []), { PV: rome, W: wind, H: { kind: 'other' }, L: { kind: 'load' } })
})

t.test('everything wrong with plants is told at once, with its place', async t => {
  const { plants, problems } = parsePlants({
    'a/b': { ...rome, tilt_degree: 120, colour: 'blue' },
    W: { kind: 'wind', rated_W: 1, hubHeight_m: 80, cutIn_m_s: 13, rated_m_s: 12, cutOut_m_s: 25 },
    X: { kind: 'tide' },
    Y: 3
  })
  t.equal(plants, undefined)
  t.strictSame(
    problems.map(({ path }) => path),
    ['/a~1b/colour', '/a~1b/tilt_degree', '/W', '/X/kind', '/Y']
  )
  for (const json of [undefined, null, [], 'x', { A: null }, { A: { kind: 'toString' } }])
    t.equal(parsePlants(json).plants, undefined)
})
