import fc from 'fast-check'
import t from 'tap'
import { hypervolume } from './hypervolume.ts'

const runs = (count: number) => ({
  numRuns: Number(process.env.FC_RUNS ?? count),
  ...(process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {})
})

const SIDE = 6

/** The unit cells of the box 0 … SIDE that some point dominates, counted one by one. */
const countCells = (points: readonly number[][], dimensions: number): number => {
  let cells = 0
  for (let cell = 0; cell < SIDE ** dimensions; cell++) {
    const corner = Array.from({ length: dimensions }, (_, m) => Math.floor(cell / SIDE ** m) % SIDE)
    if (points.some(point => point.every((value, m) => value <= corner[m]!))) cells++
  }
  return cells
}

for (const dimensions of [1, 2, 3, 4])
  t.test(`the hypervolume in ${dimensions} dimensions is the number of dominated cells`, async () => {
    const point = fc.array(fc.integer({ min: 0, max: SIDE }), { minLength: dimensions, maxLength: dimensions })
    fc.assert(
      fc.property(
        fc.array(point, { maxLength: 9 }),
        points => hypervolume(points, new Array(dimensions).fill(SIDE)) === countCells(points, dimensions)
      ),
      runs(200)
    )
  })
