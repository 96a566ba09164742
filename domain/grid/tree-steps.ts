/**
 * A Newton step on a tree in O(n): one walk from the leaves to the external grids that eliminates every node from the one
 * that supplies it, one walk back that gives the changes. Nothing is allocated while stepping.
 */
import type { Steps } from './newton.ts'
import type { NodeEquations } from './node-equations.ts'

export const treeSteps = ({ shape, rows, fixedRows, own, parent, toParent }: NodeEquations): Steps => {
  if (shape !== 'tree') throw new RangeError('treeSteps: the network has rings')
  // Per row, until it is eliminated: what its children leave of its balance (re, im) and of the pair of its diagonal (a.re,
  // a.im, b.re, b.im). From then on: its change if the parent's were 0, and the inverse of the diagonal.
  const solved = new Float64Array(6 * rows)
  const changeRe = new Float64Array(rows)
  const changeIm = new Float64Array(rows)
  const order = orderByDepth(rows, fixedRows, parent)
  const { fixed, above } = fixedIn(order, own, parent, toParent)
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
    eliminated: solved,
    carried() {
      if (!isCarried) carry()
      return carried
    },
    step(re, im, p, q) {
      let isStable = true
      isCarried = false
      solved.fill(0)
      for (let k = order.length - 1; k >= 0; k--) {
        const row = order[k]!
        const c = 10 * k
        const up = above[k]!
        const w = 6 * row
        const vr = re[row]!
        const vi = im[row]!
        const ur = re[up]!
        const ui = im[up]!
        const yr = fixed[c]!
        const yi = fixed[c + 1]!
        const upRe = fixed[c + 2]!
        const upIm = fixed[c + 3]!
        const downRe = fixed[c + 4]!
        const downIm = fixed[c + 5]!
        const inverse = 1 / (vr * vr + vi * vi)
        const pr = p[row]!
        const qr = q[row]!
        // Injected current conj(s / v), and w = conj(s) / conj(v)² = current · v / |v|².
        const ir = (pr * vr + qr * vi) * inverse
        const ii = (pr * vi - qr * vr) * inverse
        const wr = (ir * vr - ii * vi) * inverse
        const wi = (ir * vi + ii * vr) * inverse
        const fr = solved[w]! + ir - (yr * vr - yi * vi) - (upRe * ur - upIm * ui)
        const fi = solved[w + 1]! + ii - (yr * vi + yi * vr) - (upRe * ui + upIm * ur)
        const ar = solved[w + 2]! + yr
        const ai = solved[w + 3]! + yi
        const br = solved[w + 4]! + wr
        const bi = solved[w + 5]! + wi
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
        const linearRe = fixed[c + 6]!
        const linearIm = fixed[c + 7]!
        const mirrorRe = fixed[c + 8]!
        const mirrorIm = fixed[c + 9]!
        // The parent's balance: current of this branch at today's voltage, and what the elimination moves there.
        const xr = vr + hr
        const xi = vi + hi
        solved[u]! -= downRe * xr - downIm * xi
        solved[u + 1]! -= downRe * xi + downIm * xr
        solved[u + 2]! -= linearRe * cr - linearIm * ci
        solved[u + 3]! -= linearRe * ci + linearIm * cr
        solved[u + 4]! -= mirrorRe * dr - mirrorIm * di
        solved[u + 5]! -= mirrorRe * di + mirrorIm * dr
      }
      let largest = 0
      let largestRow = fixedRows
      for (let k = 0; k < order.length; k++) {
        const row = order[k]!
        const c = 10 * k
        const up = above[k]!
        const w = 6 * row
        const ur = changeRe[up]!
        const ui = changeIm[up]!
        const tr = fixed[c + 2]! * ur - fixed[c + 3]! * ui
        const ti = fixed[c + 2]! * ui + fixed[c + 3]! * ur
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

/**
 * Rows of one depth after the other, so that neighbours in it do not wait for each other's results: on a feeder a row and the
 * one that supplies it would.
 */
const orderByDepth = (rows: number, fixedRows: number, parent: Int32Array): Int32Array => {
  const depth = new Int32Array(rows)
  for (let row = fixedRows; row < rows; row++) depth[row] = depth[parent[row]!]! + 1
  const order = Int32Array.from({ length: rows - fixedRows }, (_, n) => fixedRows + n)
  return order.sort((a, b) => depth[a]! - depth[b]! || a - b)
}

/** What no step changes, in the order of the steps; `fixed`: own admittance, those up and down, down·up, down·conj(up). */
const fixedIn = (order: Int32Array, own: Float64Array, parent: Int32Array, toParent: Float64Array) => {
  const fixed = new Float64Array(10 * order.length)
  for (const [k, row] of order.entries()) {
    const upRe = toParent[4 * row]!
    const upIm = toParent[4 * row + 1]!
    const downRe = toParent[4 * row + 2]!
    const downIm = toParent[4 * row + 3]!
    fixed.set([own[2 * row]!, own[2 * row + 1]!, upRe, upIm, downRe, downIm], 10 * k)
    fixed.set([downRe * upRe - downIm * upIm, downRe * upIm + downIm * upRe], 10 * k + 6)
    fixed.set([downRe * upRe + downIm * upIm, downIm * upRe - downRe * upIm], 10 * k + 8)
  }
  return { fixed, above: order.map(row => parent[row]!) }
}
