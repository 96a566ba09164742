/**
 * A Newton step on any network: sparse elimination of number pairs along the plan of `meshElimination`. A pair (a, b)
 * stands for z ↦ a·z + b·conj(z); pairs compose as (a, b)·(c, d) = (a·c + b·conj d, a·d + b·conj c).
 *
 * Without pivoting beyond the order of the plan: the diagonal of a distribution grid outweighs the rest of its row.
 */
import { meshElimination } from './mesh-elimination.ts'
import type { Steps } from './newton.ts'
import type { NodeEquations } from './node-equations.ts'

export const meshSteps = (equations: NodeEquations): Steps => {
  const { rows, fixedRows, own, pairLow, pairHigh, pairs } = equations
  const { order, entries, entryLowHigh, entryHighLow, start, neighbour, out, back, target } = meshElimination(
    rows,
    fixedRows,
    pairLow,
    pairHigh
  )
  const originals = new Float64Array(4 * entries)
  entryLowHigh.forEach((at, n) => {
    if (at < 0) return
    originals.set([pairs[4 * n]!, pairs[4 * n + 1]!], 4 * at)
    originals.set([pairs[4 * n + 2]!, pairs[4 * n + 3]!], 4 * entryHighLow[n]!)
  })
  const left = new Float64Array(2 * rows)
  const diagonal = new Float64Array(4 * rows)
  const inverse = new Float64Array(4 * rows)
  const beside = new Float64Array(4 * entries)
  const changeRe = new Float64Array(rows)
  const changeIm = new Float64Array(rows)
  const factor = new Float64Array(4)
  const eliminated = new Float64Array(2)
  const moved = new Float64Array(2)

  const balance = (re: Float64Array, im: Float64Array, p: Float64Array, q: Float64Array): void => {
    for (let row = fixedRows; row < rows; row++) {
      const vr = re[row]!
      const vi = im[row]!
      const yr = own[2 * row]!
      const yi = own[2 * row + 1]!
      const size = 1 / (vr * vr + vi * vi)
      const ir = (p[row]! * vr + q[row]! * vi) * size
      const ii = (p[row]! * vi - q[row]! * vr) * size
      left[2 * row] = ir - (yr * vr - yi * vi)
      left[2 * row + 1] = ii - (yr * vi + yi * vr)
      diagonal[4 * row] = yr
      diagonal[4 * row + 1] = yi
      diagonal[4 * row + 2] = (ir * vr - ii * vi) * size
      diagonal[4 * row + 3] = (ir * vi + ii * vr) * size
    }
    for (let n = 0; n < pairLow.length; n++) {
      const low = pairLow[n]!
      const high = pairHigh[n]!
      const a = 4 * n
      left[2 * low]! -= pairs[a]! * re[high]! - pairs[a + 1]! * im[high]!
      left[2 * low + 1]! -= pairs[a]! * im[high]! + pairs[a + 1]! * re[high]!
      left[2 * high]! -= pairs[a + 2]! * re[low]! - pairs[a + 3]! * im[low]!
      left[2 * high + 1]! -= pairs[a + 2]! * im[low]! + pairs[a + 3]! * re[low]!
    }
  }

  const eliminate = (): boolean => {
    let negative = 0
    beside.set(originals)
    let pairAt = 0
    for (let s = 0; s < order.length; s++) {
      const row = order[s]!
      const d = 4 * row
      const ar = diagonal[d]!
      const ai = diagonal[d + 1]!
      const br = diagonal[d + 2]!
      const bi = diagonal[d + 3]!
      const pivot = ar * ar + ai * ai - br * br - bi * bi
      if (!(pivot > 0)) negative++
      inverse[d] = ar / pivot
      inverse[d + 1] = -ai / pivot
      inverse[d + 2] = -br / pivot
      inverse[d + 3] = -bi / pivot
      const from = start[s]!
      const end = start[s + 1]!
      for (let i = from; i < end; i++) {
        const first = neighbour[i]!
        compose(beside, 4 * back[i]!, inverse, d, factor)
        subtractApplied(factor, left, 2 * row, left, 2 * first)
        for (let j = from; j < end; j++) {
          const at = target[pairAt++]!
          if (at < 0) subtractComposed(factor, beside, 4 * out[j]!, diagonal, 4 * (-1 - at))
          else subtractComposed(factor, beside, 4 * out[j]!, beside, 4 * at)
        }
      }
    }
    return negative % 2 === 0
  }

  const steps: Steps = {
    largest: 0,
    largestRow: fixedRows,
    isStable: true,
    step(re, im, p, q) {
      balance(re, im, p, q)
      steps.isStable = eliminate()
      let largest = 0
      let largestRow = fixedRows
      for (let s = order.length - 1; s >= 0; s--) {
        const row = order[s]!
        let fr = left[2 * row]!
        let fi = left[2 * row + 1]!
        for (let i = start[s]!; i < start[s + 1]!; i++) {
          const e = 4 * out[i]!
          const xr = changeRe[neighbour[i]!]!
          const xi = changeIm[neighbour[i]!]!
          fr -= beside[e]! * xr - beside[e + 1]! * xi + beside[e + 2]! * xr + beside[e + 3]! * xi
          fi -= beside[e]! * xi + beside[e + 1]! * xr + beside[e + 3]! * xr - beside[e + 2]! * xi
        }
        const d = 4 * row
        const xr = inverse[d]! * fr - inverse[d + 1]! * fi + inverse[d + 2]! * fr + inverse[d + 3]! * fi
        const xi = inverse[d]! * fi + inverse[d + 1]! * fr + inverse[d + 3]! * fr - inverse[d + 2]! * fi
        changeRe[row] = xr
        changeIm[row] = xi
        re[row]! += xr
        im[row]! += xi
        const size = xr * xr + xi * xi
        if (!(size <= largest)) {
          largest = size
          largestRow = row
        }
      }
      steps.largest = largest
      steps.largestRow = largestRow
    },
    adjoint(values) {
      // The Jacobian is (1 + back · inverse) (diagonal + out); the adjoint of a pair (c, d) is (c, conj d).
      for (let s = 0; s < order.length; s++) {
        const row = order[s]!
        applyAdjoint(inverse, 4 * row, values, 2 * row, eliminated)
        values[2 * row] = eliminated[0]!
        values[2 * row + 1] = eliminated[1]!
        if (eliminated[0] === 0 && eliminated[1] === 0) continue
        for (let i = start[s]!; i < start[s + 1]!; i++) {
          const at = 2 * neighbour[i]!
          applyAdjoint(beside, 4 * out[i]!, values, 2 * row, moved)
          values[at]! -= moved[0]!
          values[at + 1]! -= moved[1]!
        }
      }
      for (let s = order.length - 1; s >= 0; s--) {
        const row = order[s]!
        eliminated.fill(0)
        for (let i = start[s]!; i < start[s + 1]!; i++) {
          applyAdjoint(beside, 4 * back[i]!, values, 2 * neighbour[i]!, moved)
          eliminated[0]! += moved[0]!
          eliminated[1]! += moved[1]!
        }
        applyAdjoint(inverse, 4 * row, eliminated, 0, moved)
        values[2 * row]! -= moved[0]!
        values[2 * row + 1]! -= moved[1]!
      }
    }
  }
  return steps
}

/** result = (pair of `left` at l) · (pair of `right` at r). */
const compose = (left: Float64Array, l: number, right: Float64Array, r: number, result: Float64Array): void => {
  const ar = left[l]!
  const ai = left[l + 1]!
  const br = left[l + 2]!
  const bi = left[l + 3]!
  const cr = right[r]!
  const ci = right[r + 1]!
  const dr = right[r + 2]!
  const di = right[r + 3]!
  result[0] = ar * cr - ai * ci + br * dr + bi * di
  result[1] = ar * ci + ai * cr + bi * dr - br * di
  result[2] = ar * dr - ai * di + br * cr + bi * ci
  result[3] = ar * di + ai * dr + bi * cr - br * ci
}

/** result = adjoint of the pair of `pairs` at a, applied to the number of `value` at v. */
const applyAdjoint = (pairs: Float64Array, a: number, value: Float64Array, v: number, result: Float64Array): void => {
  const xr = value[v]!
  const xi = value[v + 1]!
  const cr = pairs[a]!
  const ci = pairs[a + 1]!
  const dr = pairs[a + 2]!
  const di = pairs[a + 3]!
  result[0] = cr * xr - ci * xi + dr * xr - di * xi
  result[1] = cr * xi + ci * xr - dr * xi - di * xr
}

const subtractComposed = (
  factor: Float64Array,
  right: Float64Array,
  r: number,
  into: Float64Array,
  at: number
): void => {
  const ar = factor[0]!
  const ai = factor[1]!
  const br = factor[2]!
  const bi = factor[3]!
  const cr = right[r]!
  const ci = right[r + 1]!
  const dr = right[r + 2]!
  const di = right[r + 3]!
  into[at]! -= ar * cr - ai * ci + br * dr + bi * di
  into[at + 1]! -= ar * ci + ai * cr + bi * dr - br * di
  into[at + 2]! -= ar * dr - ai * di + br * cr + bi * ci
  into[at + 3]! -= ar * di + ai * dr + bi * cr - br * ci
}

const subtractApplied = (
  factor: Float64Array,
  value: Float64Array,
  v: number,
  into: Float64Array,
  at: number
): void => {
  const xr = value[v]!
  const xi = value[v + 1]!
  into[at]! -= factor[0]! * xr - factor[1]! * xi + factor[2]! * xr + factor[3]! * xi
  into[at + 1]! -= factor[0]! * xi + factor[1]! * xr + factor[3]! * xr - factor[2]! * xi
}
