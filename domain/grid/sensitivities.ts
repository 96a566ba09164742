/**
 * Exact sensitivities of a grid state (DTP-OPT-02): by how much a voltage, a current or the losses change with the power
 * injected at every bus. One solve with the transposed Jacobian per quantity, O(n) on a tree: with λ from
 * Yᵀ·λ + conj(w)·conj(λ) = c, where c is the quantity's own derivative by the voltages, the change by an injection s at v is
 * Re(λ·conj(s / v)).
 *
 * Promises the derivative at the last solution of the point, to the digits that the solution has. A current of 0 has no
 * derivative: it is given as 0. Assumes `point.linearise()` after the last solve. Injection is positive: flexibility up.
 */
import { BASE_MVA } from './branch-admittance.ts'
import type { CompiledNetwork } from './compile-network.ts'
import type { NodeEquations } from './node-equations.ts'
import type { OperatingPoint } from './power-flow.ts'

/** `index`: place in the network's list. */
export type Monitored =
  | { readonly kind: 'voltage'; readonly bus: number }
  | { readonly kind: 'line' | 'transformer'; readonly index: number; readonly end: 'from' | 'to' }
  | { readonly kind: 'losses' }

export interface Complex {
  readonly re: number
  readonly im: number
}

/** Per kW and kvar injected at each row from `first` to `end`, 0 at all others; in pu, A or kW. */
export interface Sensitivity {
  readonly first: number
  readonly end: number
  /** At place row − first. */
  readonly p: Float64Array
  readonly q: Float64Array
}

/**
 * Rows that nothing joins to others but through an external grid: ranges [start, end), since rows are in depth-first order.
 * What is injected in one range moves nothing outside of it.
 */
export const regionsOf = (equations: NodeEquations): readonly { readonly first: number; readonly end: number }[] => {
  const { shape, rows, fixedRows, parent } = equations
  if (rows === fixedRows) return []
  if (shape === 'meshed') return [{ first: fixedRows, end: rows }]
  const regions: { first: number; end: number }[] = []
  for (let row = fixedRows; row < rows; row++)
    if (parent[row]! < fixedRows) regions.push({ first: row, end: rows })
    else regions.at(-1)!.end = row + 1
  return regions.map(({ first }, n) => ({ first, end: regions[n + 1]?.first ?? rows }))
}

/**
 * λ of a quantity for the rows from `first` to `end`, at places 2·row and 2·row + 1 of `values`; 0 outside of them. The
 * array is the caller's until the next call.
 */
export interface Adjoint {
  readonly first: number
  readonly end: number
  readonly values: Float64Array
}

/** The adjoints of one point, for those that need few rows of them; owns the array that it works in. */
export const adjointsAt = (point: OperatingPoint): ((monitored: Monitored) => Adjoint) => {
  const { compiled, re, im } = point
  const { equations, rowOfBus } = compiled
  const { rows, fixedRows } = equations
  const regions = regionsOf(equations)
  const regionOf = new Int32Array(rows).fill(-1)
  for (const [n, { first, end }] of regions.entries()) regionOf.fill(n, first, end)
  const values = new Float64Array(2 * rows)
  const none = { first: fixedRows, end: fixedRows }
  let last: { readonly first: number; readonly end: number } = none
  return monitored => {
    values.fill(0, 2 * last.first, 2 * last.end)
    let at = -1
    switch (monitored.kind) {
      case 'voltage':
        at = rowOfBus[monitored.bus]!
        if (at >= fixedRows) {
          const size = Math.hypot(re[at]!, im[at]!)
          values[2 * at] = re[at]! / size
          values[2 * at + 1] = -im[at]! / size
        }
        break
      case 'line':
      case 'transformer': {
        const branches = compiled[monitored.kind === 'line' ? 'lines' : 'transformers']
        currentDerivative(branches, monitored.index, monitored.end, re, im, values)
        at = Math.max(branches.from[monitored.index]!, branches.to[monitored.index]!)
        break
      }
      case 'losses':
        for (const branches of [compiled.lines, compiled.transformers]) lossesDerivative(branches, re, im, values)
        break
    }
    values.fill(0, 0, 2 * fixedRows)
    if (monitored.kind === 'losses') last = { first: fixedRows, end: rows }
    else last = at < fixedRows ? none : regions[regionOf[at]!]!
    const { first, end } = last
    point.adjoint(values, first, end)
    return { first, end, values }
  }
}

/** Computes sensitivities of one point. */
export const sensitivitiesAt = (point: OperatingPoint): ((monitored: Monitored) => Sensitivity) => {
  const { re, im } = point
  const adjointOf = adjointsAt(point)
  return monitored => {
    const { first, end, values } = adjointOf(monitored)
    const p = new Float64Array(end - first)
    const q = new Float64Array(end - first)
    for (let row = first; row < end; row++) {
      const vr = re[row]!
      const vi = im[row]!
      const scale = 1 / ((vr * vr + vi * vi) * 1000 * BASE_MVA)
      const lr = values[2 * row]!
      const li = values[2 * row + 1]!
      // λ / conj(v): real part by P, imaginary part by Q.
      p[row - first] = (lr * vr - li * vi) * scale
      q[row - first] = (lr * vi + li * vr) * scale
    }
    if (monitored.kind === 'losses')
      for (let k = 0; k < p.length; k++) {
        p[k]! *= 1000 * BASE_MVA
        q[k]! *= 1000 * BASE_MVA
      }
    return { first, end, p, q }
  }
}

/** Rows of the equations, and which way of each: what an injection there is multiplied with. */
export interface Injections {
  readonly row: Int32Array
  /** 1: reactive power. */
  readonly isReactive: Uint8Array
  /** Per kW or kvar. */
  readonly factor: Float64Array
}

/**
 * The sensitivities of one point at some rows alone. `take` reads the point's voltages (after a solve); `into` then gives
 * what each injection does to the quantity of an adjoint, times a number.
 */
export const sensitivitiesAtRows = (
  { re, im }: Pick<OperatingPoint, 're' | 'im'>,
  { row, isReactive, factor }: Injections
): { take(): void; into(adjoint: Adjoint, times: number, effect: Float64Array): void } => {
  const count = row.length
  const byRe = new Float64Array(count)
  const byIm = new Float64Array(count)
  return {
    take() {
      for (let n = 0; n < count; n++) {
        const at = row[n]!
        const vr = re[at]!
        const vi = im[at]!
        const scale = factor[n]! / ((vr * vr + vi * vi) * 1000 * BASE_MVA)
        byRe[n] = (isReactive[n] === 1 ? vi : vr) * scale
        byIm[n] = (isReactive[n] === 1 ? vr : -vi) * scale
      }
    },
    into({ values }, times, effect) {
      for (let n = 0; n < count; n++) {
        const at = 2 * row[n]!
        effect[n] = times * (byRe[n]! * values[at]! + byIm[n]! * values[at + 1]!)
      }
    }
  }
}

type Branches = CompiledNetwork['lines']

const currentDerivative = (
  branches: Branches,
  n: number,
  end: 'from' | 'to',
  re: Float64Array,
  im: Float64Array,
  values: Float64Array
): void => {
  const { from, to } = currentDerivativesOf(branches, n, end, re, im)
  for (const [row, one] of [
    [branches.from[n]!, from],
    [branches.to[n]!, to]
  ] as const) {
    if (row < 0) continue
    values[2 * row]! += one.re
    values[2 * row + 1]! += one.im
  }
}

/** Of the current at one end, A, by the voltages of both ends; 0 for an end without voltage. */
export const currentDerivativesOf = (
  { from, to, admittance, fromBase_A, toBase_A }: Branches,
  n: number,
  end: 'from' | 'to',
  re: Float64Array,
  im: Float64Array
): { readonly from: Complex; readonly to: Complex } => {
  const f = from[n]!
  const t = to[n]!
  const a = 8 * n + (end === 'from' ? 0 : 4)
  const fr = f < 0 ? 0 : re[f]!
  const fi = f < 0 ? 0 : im[f]!
  const tr = t < 0 ? 0 : re[t]!
  const ti = t < 0 ? 0 : im[t]!
  const cr = admittance[a]! * fr - admittance[a + 1]! * fi + admittance[a + 2]! * tr - admittance[a + 3]! * ti
  const ci = admittance[a]! * fi + admittance[a + 1]! * fr + admittance[a + 2]! * ti + admittance[a + 3]! * tr
  const size = Math.hypot(cr, ci)
  if (size === 0) return { from: zero, to: zero }
  const base_A = end === 'from' ? fromBase_A[n]! : toBase_A[n]!
  const xr = (cr / size) * base_A
  const xi = (-ci / size) * base_A
  const by = (row: number, yr: number, yi: number): Complex =>
    row < 0 ? zero : { re: xr * yr - xi * yi, im: xr * yi + xi * yr }
  return {
    from: by(f, admittance[a]!, admittance[a + 1]!),
    to: by(t, admittance[a + 2]!, admittance[a + 3]!)
  }
}

const zero: Complex = { re: 0, im: 0 }

/** Losses are Re(v_f·conj(i_f) + v_t·conj(i_t)): each voltage counts once itself and once in both currents. */
const lossesDerivative = (
  { count, from, to, admittance }: Branches,
  re: Float64Array,
  im: Float64Array,
  values: Float64Array
): void => {
  for (let n = 0; n < count; n++)
    for (const [own, other, y] of [
      [from[n]!, to[n]!, 8 * n],
      [to[n]!, from[n]!, 8 * n + 6]
    ] as const) {
      if (own < 0) continue
      const back = y === 8 * n ? 8 * n + 2 : 8 * n + 4
      const seen = y === 8 * n ? 8 * n + 4 : 8 * n + 2
      const or = other < 0 ? 0 : re[other]!
      const oi = other < 0 ? 0 : im[other]!
      const ir =
        admittance[y]! * re[own]! - admittance[y + 1]! * im[own]! + admittance[back]! * or - admittance[back + 1]! * oi
      const ii =
        admittance[y]! * im[own]! + admittance[y + 1]! * re[own]! + admittance[back]! * oi + admittance[back + 1]! * or
      values[2 * own]! += ir
      values[2 * own + 1]! -= ii
      addProduct(values, own, re[own]!, -im[own]!, admittance[y]!, admittance[y + 1]!)
      if (other >= 0) addProduct(values, own, or, -oi, admittance[seen]!, admittance[seen + 1]!)
    }
}

const addProduct = (values: Float64Array, row: number, ar: number, ai: number, br: number, bi: number): void => {
  values[2 * row]! += ar * br - ai * bi
  values[2 * row + 1]! += ar * bi + ai * br
}
