import type { CoveringProgramme } from './covering-programme.ts'

/** Below it a pivot is nothing but rounding. */
export const PIVOT_SMALLEST = 1e-11

/**
 * Inverse of a basis of a covering programme, by elimination with pivots; undefined: its columns make none. Only the rows that
 * bind are eliminated: the surplus of any other is its row's product with the solution, less what is needed.
 */
export const basisInverse = ({ rows, cost }: CoveringProgramme, basis: Int32Array): Float64Array | undefined => {
  const m = rows.length
  const n = cost.length
  const inverse = new Float64Array(m * m)
  const isLoose = new Uint8Array(m)
  const structural: number[] = []
  for (let r = 0; r < m; r++) {
    const k = basis[r]!
    if (k < n) structural.push(r)
    else if (isLoose[k - n] === 1) return undefined
    else isLoose[k - n] = 1
  }
  const binding = Array.from(rows.keys()).filter(r => isLoose[r] === 0)
  const small = smallInverse(
    structural.length,
    binding.flatMap(r => structural.map(at => rows[r]![basis[at]!]!))
  )
  if (small === undefined) return undefined
  const size = structural.length
  for (let s = 0; s < size; s++)
    for (let b = 0; b < size; b++) inverse[structural[s]! * m + binding[b]!] = small[s * size + b]!
  for (let r = 0; r < m; r++) {
    if (basis[r]! < n) continue
    const loose = basis[r]! - n
    inverse[r * m + loose] = -1
    for (let s = 0; s < size; s++) {
      const entry = rows[loose]![basis[structural[s]!]!]!
      if (entry === 0) continue
      for (let b = 0; b < size; b++) inverse[r * m + binding[b]!]! += entry * small[s * size + b]!
    }
  }
  return inverse
}

/** Inverse of a full matrix, by rows. */
const smallInverse = (size: number, entries: readonly number[]): Float64Array | undefined => {
  const matrix = Float64Array.from(entries)
  const inverse = new Float64Array(size * size)
  for (let s = 0; s < size; s++) inverse[s * size + s] = 1
  for (let s = 0; s < size; s++) {
    let best = s
    for (let r = s + 1; r < size; r++)
      if (Math.abs(matrix[r * size + s]!) > Math.abs(matrix[best * size + s]!)) best = r
    const pivot = matrix[best * size + s]!
    if (Math.abs(pivot) <= PIVOT_SMALLEST) return undefined
    for (let c = 0; c < size; c++) {
      const ofMatrix = matrix[best * size + c]!
      const ofInverse = inverse[best * size + c]!
      matrix[best * size + c] = matrix[s * size + c]!
      inverse[best * size + c] = inverse[s * size + c]!
      matrix[s * size + c] = ofMatrix / pivot
      inverse[s * size + c] = ofInverse / pivot
    }
    for (let r = 0; r < size; r++) {
      const factor = matrix[r * size + s]!
      if (r === s || factor === 0) continue
      for (let c = s; c < size; c++) matrix[r * size + c]! -= factor * matrix[s * size + c]!
      for (let c = 0; c < size; c++) inverse[r * size + c]! -= factor * inverse[s * size + c]!
    }
  }
  return inverse
}
