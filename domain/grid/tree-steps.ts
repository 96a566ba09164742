/**
 * A Newton step on a tree in O(n): one walk from the leaves to the external grids that eliminates every node from the one
 * that supplies it, one walk back that gives the changes. Nothing is allocated while stepping.
 */
import type { Steps } from './newton.ts'
import type { NodeEquations } from './node-equations.ts'

export const treeSteps = ({ shape, rows, fixedRows, own, parent, toParent }: NodeEquations): Steps => {
  if (shape !== 'tree') throw new RangeError('treeSteps: the network has rings')
  // Per row: what is left of the balance (re, im) and the pair of the diagonal (a.re, a.im, b.re, b.im).
  const work = new Float64Array(6 * rows)
  // Per row: change if the parent's were 0 (re, im), inverse of the diagonal (a.re, a.im, b.re, b.im).
  const solved = new Float64Array(6 * rows)
  const changeRe = new Float64Array(rows)
  const changeIm = new Float64Array(rows)
  // Per row: what of its parent's adjoint arrives at it, as a matrix; the same for every right side after one step.
  const carried = new Float64Array(4 * rows)
  let isCarried = false
  const carry = (): void => {
    for (let row = fixedRows; row < rows; row++) {
      const w = 6 * row
      const cr = solved[w + 2]!
      const ci = solved[w + 3]!
      const dr = solved[w + 4]!
      const di = solved[w + 5]!
      const downRe = toParent[4 * row + 2]!
      const downIm = toParent[4 * row + 3]!
      carried[4 * row] = (ci + di) * downIm - (cr + dr) * downRe
      carried[4 * row + 1] = (cr + dr) * downIm + (ci + di) * downRe
      carried[4 * row + 2] = (di - ci) * downRe - (cr - dr) * downIm
      carried[4 * row + 3] = (ci - di) * downIm - (cr - dr) * downRe
    }
    isCarried = true
  }
  const steps: Steps = {
    largest: 0,
    largestRow: fixedRows,
    isStable: true,
    step(re, im, p, q) {
      let isStable = true
      isCarried = false
      work.fill(0)
      for (let row = rows - 1; row >= fixedRows; row--) {
        const up = parent[row]!
        const w = 6 * row
        const l = 4 * row
        const o = 2 * row
        const vr = re[row]!
        const vi = im[row]!
        const ur = re[up]!
        const ui = im[up]!
        const yr = own[o]!
        const yi = own[o + 1]!
        const upRe = toParent[l]!
        const upIm = toParent[l + 1]!
        const downRe = toParent[l + 2]!
        const downIm = toParent[l + 3]!
        const inverse = 1 / (vr * vr + vi * vi)
        const pr = p[row]!
        const qr = q[row]!
        // Injected current conj(s / v), and w = conj(s) / conj(v)² = current · v / |v|².
        const ir = (pr * vr + qr * vi) * inverse
        const ii = (pr * vi - qr * vr) * inverse
        const wr = (ir * vr - ii * vi) * inverse
        const wi = (ir * vi + ii * vr) * inverse
        const fr = work[w]! + ir - (yr * vr - yi * vi) - (upRe * ur - upIm * ui)
        const fi = work[w + 1]! + ii - (yr * vi + yi * vr) - (upRe * ui + upIm * ur)
        const ar = work[w + 2]! + yr
        const ai = work[w + 3]! + yi
        const br = work[w + 4]! + wr
        const bi = work[w + 5]! + wi
        const pivot = ar * ar + ai * ai - br * br - bi * bi
        if (!(pivot > 0)) isStable = false
        const scale = 1 / pivot
        // Inverse of the pair (a, b) is (conj a, -b) / (|a|² - |b|²).
        const cr = ar * scale
        const ci = -ai * scale
        const dr = -br * scale
        const di = -bi * scale
        const hr = cr * fr - ci * fi + dr * fr + di * fi
        const hi = cr * fi + ci * fr + di * fr - dr * fi
        solved[w] = hr
        solved[w + 1] = hi
        solved[w + 2] = cr
        solved[w + 3] = ci
        solved[w + 4] = dr
        solved[w + 5] = di
        if (up < fixedRows) continue
        const u = 6 * up
        // down·(c, d)·up = (down·up·c, down·conj(up)·d)
        const linearRe = downRe * upRe - downIm * upIm
        const linearIm = downRe * upIm + downIm * upRe
        const mirrorRe = downRe * upRe + downIm * upIm
        const mirrorIm = downIm * upRe - downRe * upIm
        // The parent's balance: current of this branch at today's voltage, and what the elimination moves there.
        const xr = vr + hr
        const xi = vi + hi
        work[u]! -= downRe * xr - downIm * xi
        work[u + 1]! -= downRe * xi + downIm * xr
        work[u + 2]! -= linearRe * cr - linearIm * ci
        work[u + 3]! -= linearRe * ci + linearIm * cr
        work[u + 4]! -= mirrorRe * dr - mirrorIm * di
        work[u + 5]! -= mirrorRe * di + mirrorIm * dr
      }
      let largest = 0
      let largestRow = fixedRows
      for (let row = fixedRows; row < rows; row++) {
        const up = parent[row]!
        const w = 6 * row
        const l = 4 * row
        const ur = changeRe[up]!
        const ui = changeIm[up]!
        const tr = toParent[l]! * ur - toParent[l + 1]! * ui
        const ti = toParent[l]! * ui + toParent[l + 1]! * ur
        const cr = solved[w + 2]!
        const ci = solved[w + 3]!
        const dr = solved[w + 4]!
        const di = solved[w + 5]!
        const xr = solved[w]! - (cr * tr - ci * ti + dr * tr + di * ti)
        const xi = solved[w + 1]! - (cr * ti + ci * tr + di * tr - dr * ti)
        changeRe[row] = xr
        changeIm[row] = xi
        re[row]! += xr
        im[row]! += xi
        const size = xr * xr + xi * xi
        // Written so that NaN, which compares false, is kept.
        if (!(size <= largest)) {
          largest = size
          largestRow = row
        }
      }
      steps.largest = largest
      steps.largestRow = largestRow
      steps.isStable = isStable
    },
    adjoint(values, first, end) {
      if (!isCarried) carry()
      // Upwards only what is not 0: of one voltage or current that is the path to the external grid.
      for (let row = end - 1; row >= first; row--) {
        const fr = values[2 * row]!
        const fi = values[2 * row + 1]!
        if (fr === 0 && fi === 0) continue
        const w = 6 * row
        const cr = solved[w + 2]!
        const ci = solved[w + 3]!
        const dr = solved[w + 4]!
        const di = solved[w + 5]!
        // The adjoint of a pair (c, d) is (c, conj d).
        const gr = cr * fr - ci * fi + dr * fr - di * fi
        const gi = cr * fi + ci * fr - dr * fi - di * fr
        values[2 * row] = gr
        values[2 * row + 1] = gi
        const up = parent[row]!
        if (up < fixedRows) continue
        const upRe = toParent[4 * row]!
        const upIm = toParent[4 * row + 1]!
        values[2 * up]! -= upRe * gr - upIm * gi
        values[2 * up + 1]! -= upRe * gi + upIm * gr
      }
      for (let row = first; row < end; row++) {
        const up = parent[row]!
        if (up < fixedRows) continue
        const ur = values[2 * up]!
        const ui = values[2 * up + 1]!
        const t = 4 * row
        values[2 * row]! += carried[t]! * ur + carried[t + 1]! * ui
        values[2 * row + 1]! += carried[t + 2]! * ur + carried[t + 3]! * ui
      }
    }
  }
  return steps
}
