import t from 'tap'
import { hypervolume, normalisedHypervolume } from './hypervolume.ts'
import { dtlz2, zdt1, zdt2, zdt3, zdt6 } from './test-problems.fixtures.ts'

const known = [
  { name: 'ZDT1', problem: zdt1, exact: 0.876667 },
  { name: 'ZDT2', problem: zdt2, exact: 0.543333 },
  { name: 'ZDT3', problem: zdt3, exact: 1.331763 },
  { name: 'ZDT6', problem: zdt6, exact: 0.507878 }
]
for (const { name, problem, exact } of known)
  t.test(`the true front of ${name} has the published hypervolume ${exact}`, async t => {
    const measured = hypervolume(problem.trueFront(100_001), [1.1, 1.1])
    t.ok(Math.abs(measured - exact) < 1e-5, `measured ${measured}`)
  })

t.test('the true front of DTLZ2 has the published hypervolume 0.807401', async t => {
  const reference = [1.1, 1.1, 1.1]
  const coarse = hypervolume(dtlz2.trueFront(16 ** 2), reference)
  const fine = hypervolume(dtlz2.trueFront(31 ** 2), reference)
  // Points on the front leave a staircase below the true volume; halving their distance halves what is missing.
  t.ok(coarse < fine && fine < 0.807401, `${coarse} < ${fine} < 0.807401`)
  t.ok(Math.abs(2 * fine - coarse - 0.807401) < 2e-3, `extrapolated ${2 * fine - coarse}`)
})

t.test('points that do not dominate the reference point add nothing', async t => {
  t.equal(hypervolume([], [1, 1]), 0)
  t.equal(hypervolume([[0, 1]], [1, 1]), 0)
  t.equal(
    hypervolume(
      [
        [0.5, 0.5, 0.5],
        [0, 0, 1]
      ],
      [1, 1, 1]
    ),
    0.125
  )
})

t.test('an objective without a span is measured with the width 1', async t => {
  t.equal(normalisedHypervolume([[7, 3]], [7, 3], [7, 3], 2), 4)
  t.equal(normalisedHypervolume([[10, 300]], [10, 300], [20, 400], 2), 4)
})
