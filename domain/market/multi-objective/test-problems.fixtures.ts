/** Problems with a known front: ZDT (Zitzler, Deb, Thiele 2000) and DTLZ2 (Deb, Thiele, Laumanns, Zitzler 2002). */

import type { Problem } from './nsga2.ts'

/** A problem and dense points of its true front. */
export interface KnownProblem extends Problem {
  readonly trueFront: (points: number) => number[][]
}

const unitBox = (genes: number) => ({
  lower: new Float64Array(genes),
  upper: new Float64Array(genes).fill(1),
  objectiveCount: 2
})

const meanOfRest = (genes: Float64Array): number => {
  let sum = 0
  for (let i = 1; i < genes.length; i++) sum += genes[i]!
  return sum / (genes.length - 1)
}

const curve = (points: number, f2: (f1: number) => number, from = 0): number[][] =>
  Array.from({ length: points }, (_, i) => {
    const f1 = from + ((1 - from) * i) / (points - 1)
    return [f1, f2(f1)]
  })

const zdt = (genes: number, shape: (f1: number, g: number) => number, front: (f1: number) => number): KnownProblem => ({
  ...unitBox(genes),
  evaluate: (x, objectives) => {
    const g = 1 + 9 * meanOfRest(x)
    objectives[0] = x[0]!
    objectives[1] = g * shape(x[0]!, g)
    return 0
  },
  trueFront: points => curve(points, front)
})

export const zdt1 = zdt(
  30,
  (f1, g) => 1 - Math.sqrt(f1 / g),
  f1 => 1 - Math.sqrt(f1)
)

export const zdt2 = zdt(
  30,
  (f1, g) => 1 - (f1 / g) ** 2,
  f1 => 1 - f1 ** 2
)

/** Five pieces: the curve between them is dominated, which the hypervolume sees by itself. */
export const zdt3 = zdt(
  30,
  (f1, g) => 1 - Math.sqrt(f1 / g) - (f1 / g) * Math.sin(10 * Math.PI * f1),
  f1 => 1 - Math.sqrt(f1) - f1 * Math.sin(10 * Math.PI * f1)
)

const zdt6First = (x: number): number => 1 - Math.exp(-4 * x) * Math.sin(6 * Math.PI * x) ** 6

/** The least that the first objective of ZDT6 can be; it is not 0. */
const zdt6Start = Array.from({ length: 200_001 }, (_, i) => zdt6First(i / 200_000)).reduce((a, b) => Math.min(a, b))

export const zdt6: KnownProblem = {
  ...unitBox(10),
  evaluate: (x, objectives) => {
    const g = 1 + 9 * meanOfRest(x) ** 0.25
    const f1 = zdt6First(x[0]!)
    objectives[0] = f1
    objectives[1] = g * (1 - (f1 / g) ** 2)
    return 0
  },
  trueFront: points => curve(points, f1 => 1 - f1 ** 2, zdt6Start)
}

/** Three objectives; the front is the eighth of the unit sphere. */
export const dtlz2: KnownProblem = {
  ...unitBox(12),
  objectiveCount: 3,
  evaluate: (x, objectives) => {
    let g = 0
    for (let i = 2; i < x.length; i++) g += (x[i]! - 0.5) ** 2
    const a = (x[0]! * Math.PI) / 2
    const b = (x[1]! * Math.PI) / 2
    objectives[0] = (1 + g) * Math.cos(a) * Math.cos(b)
    objectives[1] = (1 + g) * Math.cos(a) * Math.sin(b)
    objectives[2] = (1 + g) * Math.sin(a)
    return 0
  },
  trueFront: points => {
    const side = Math.round(Math.sqrt(points))
    return Array.from({ length: side * side }, (_, i) => {
      const a = (Math.floor(i / side) / (side - 1)) * (Math.PI / 2)
      const b = ((i % side) / (side - 1)) * (Math.PI / 2)
      return [Math.cos(a) * Math.cos(b), Math.cos(a) * Math.sin(b), Math.sin(a)]
    })
  }
}
