/**
 * Sensitivities on a tree, taken apart so that one of them costs as much as its element is deep, and the rest is shared.
 *
 * The transposed solve (see sensitivities.ts) goes up the path from the element to its external grid, and from there down
 * everywhere; where nothing of the right side stands, a row's result is a fixed 2×2 matrix times its parent's. With T the
 * product of these matrices from the top of the region down to a row, the result at any row j that leaves the path at a is
 * T_j·(T_a⁻¹·λ_a). So each row has its own vector T_jᵀ·g (g: from λ to kW or kvar), whatever is asked for; and what is asked for
 * has one vector for each node of the path, for all rows that leave the path there: a range or two of rows.
 *
 * Exact as the transposed solve is. Assumes a tree, and `point.linearise()` after the last solve.
 */
import { BASE_MVA } from './branch-admittance.ts'
import type { OperatingPoint } from './power-flow.ts'
import type { Complex } from './sensitivities.ts'

/** The rows first ≤ row < end of part n: sensitivity x[n]·ownP[2·row] + y[n]·ownP[2·row + 1], and so with Q. */
export interface PathParts {
  readonly count: number
  readonly first: Int32Array
  readonly end: Int32Array
  readonly x: Float64Array
  readonly y: Float64Array
}

export interface TreeSensitivities {
  /** By row, two numbers: for injections in kW and kvar. */
  readonly ownP: Float64Array
  readonly ownQ: Float64Array
  /** To be called after each `point.linearise()`. */
  prepare(): void
  /**
   * Of a quantity whose own derivative by the voltages is `derivative` (re, im) at `row` and `derivativeAbove` at the row
   * that supplies it. From the element upwards; overwritten by the next call. Rows in no part: 0.
   */
  along(row: number, derivative: Complex, derivativeAbove: Complex): PathParts
}

export const treeSensitivities = ({
  compiled,
  re,
  im,
  eliminated,
  carried
}: OperatingPoint): TreeSensitivities | undefined => {
  const { rows, fixedRows, parent, toParent } = compiled.equations
  if (eliminated === undefined || carried === undefined) return undefined
  const ownP = new Float64Array(2 * rows)
  const ownQ = new Float64Array(2 * rows)
  /** By row, 4 numbers: T. */
  const product = new Float64Array(4 * rows)
  const endOf = Int32Array.from({ length: rows }, (_, row) => row + 1)
  let deepest = 0
  const depth = new Int32Array(rows)
  for (let row = fixedRows; row < rows; row++) {
    depth[row] = depth[parent[row]!]! + 1
    deepest = Math.max(deepest, depth[row]!)
  }
  for (let row = rows - 1; row >= fixedRows; row--) endOf[parent[row]!] = Math.max(endOf[parent[row]!]!, endOf[row]!)
  const path = new Int32Array(deepest + 1)
  const right = new Float64Array(2 * deepest + 2)
  const parts = {
    count: 0,
    first: new Int32Array(2 * deepest + 2),
    end: new Int32Array(2 * deepest + 2),
    x: new Float64Array(2 * deepest + 2),
    y: new Float64Array(2 * deepest + 2)
  }
  const add = (first: number, end: number, x: number, y: number): void => {
    if (first === end) return
    const at = parts.count++
    parts.first[at] = first
    parts.end[at] = end
    parts.x[at] = x
    parts.y[at] = y
  }
  return {
    ownP,
    ownQ,
    prepare() {
      const carriedNow = carried()
      for (let row = fixedRows; row < rows; row++) {
        const up = parent[row]!
        const t = 4 * row
        if (up < fixedRows) {
          product[t] = 1
          product[t + 1] = 0
          product[t + 2] = 0
          product[t + 3] = 1
        } else {
          const a = carriedNow[t]!
          const b = carriedNow[t + 1]!
          const c = carriedNow[t + 2]!
          const d = carriedNow[t + 3]!
          const u = 4 * up
          product[t] = a * product[u]! + b * product[u + 2]!
          product[t + 1] = a * product[u + 1]! + b * product[u + 3]!
          product[t + 2] = c * product[u]! + d * product[u + 2]!
          product[t + 3] = c * product[u + 1]! + d * product[u + 3]!
        }
        const vr = re[row]!
        const vi = im[row]!
        const scale = 1 / ((vr * vr + vi * vi) * 1000 * BASE_MVA)
        // λ / conj(v): real part by P, imaginary part by Q.
        const gr = vr * scale
        const gi = vi * scale
        ownP[2 * row] = product[t]! * gr - product[t + 2]! * gi
        ownP[2 * row + 1] = product[t + 1]! * gr - product[t + 3]! * gi
        ownQ[2 * row] = product[t]! * gi + product[t + 2]! * gr
        ownQ[2 * row + 1] = product[t + 1]! * gi + product[t + 3]! * gr
      }
    },
    along(row, derivative, derivativeAbove) {
      parts.count = 0
      if (row < fixedRows) return parts
      let nodes = 0
      let fr = derivative.re
      let fi = derivative.im
      for (let at = row; ; at = parent[at]!) {
        path[nodes] = at
        right[2 * nodes] = fr
        right[2 * nodes + 1] = fi
        nodes++
        const up = parent[at]!
        if (up < fixedRows) break
        const w = 6 * at
        const cr = eliminated[w + 2]!
        const ci = eliminated[w + 3]!
        const dr = eliminated[w + 4]!
        const di = eliminated[w + 5]!
        const gr = cr * fr - ci * fi + dr * fr - di * fi
        const gi = cr * fi + ci * fr - dr * fi - di * fr
        const upRe = toParent[4 * at]!
        const upIm = toParent[4 * at + 1]!
        fr = (nodes === 1 ? derivativeAbove.re : 0) - (upRe * gr - upIm * gi)
        fi = (nodes === 1 ? derivativeAbove.im : 0) - (upRe * gi + upIm * gr)
      }
      // From the top down: first what is solved at each node (in place of the right side), then its part.
      let ur = 0
      let ui = 0
      for (let n = nodes - 1; n >= 0; n--) {
        const at = path[n]!
        const downRe = toParent[4 * at + 2]!
        const downIm = toParent[4 * at + 3]!
        const isTop = n === nodes - 1
        fr = right[2 * n]! - (isTop ? 0 : downRe * ur - downIm * ui)
        fi = right[2 * n + 1]! - (isTop ? 0 : downRe * ui + downIm * ur)
        const w = 6 * at
        const cr = eliminated[w + 2]!
        const ci = eliminated[w + 3]!
        const dr = eliminated[w + 4]!
        const di = eliminated[w + 5]!
        ur = cr * fr - ci * fi + dr * fr - di * fi
        ui = cr * fi + ci * fr - dr * fi - di * fr
        right[2 * n] = ur
        right[2 * n + 1] = ui
      }
      for (let n = 0; n < nodes; n++) {
        const at = path[n]!
        const t = 4 * at
        const scale = 1 / (product[t]! * product[t + 3]! - product[t + 1]! * product[t + 2]!)
        const lr = right[2 * n]!
        const li = right[2 * n + 1]!
        const x = scale * (product[t + 3]! * lr - product[t + 1]! * li)
        const y = scale * (product[t]! * li - product[t + 2]! * lr)
        if (n === 0) add(at, endOf[at]!, x, y)
        else {
          add(at, path[n - 1]!, x, y)
          add(endOf[path[n - 1]!]!, endOf[at]!, x, y)
        }
      }
      return parts
    }
  }
}
