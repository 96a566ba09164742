/**
 * Products with a matrix of few long rows, as a covering programme has: four rows, or four columns, in one pass, since the
 * way to memory and back is what they cost.
 */

/** Row · vector. */
export const dot = (row: Float64Array, vector: Float64Array): number => {
  const n = row.length
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let k = 0
  for (; k + 3 < n; k += 4) {
    a += row[k]! * vector[k]!
    b += row[k + 1]! * vector[k + 1]!
    c += row[k + 2]! * vector[k + 2]!
    d += row[k + 3]! * vector[k + 3]!
  }
  for (; k < n; k++) a += row[k]! * vector[k]!
  return a + b + (c + d)
}

/** Largest |row · vector| of a single column. */
export const largestPart = (row: Float64Array, vector: Float64Array): number => {
  let largest = 0
  for (let k = 0; k < row.length; k++) {
    const part = Math.abs(row[k]! * vector[k]!)
    if (part > largest) largest = part
  }
  return largest
}

/** Adds each row times its factor to the first entries of `into`; rows with a factor of 0 cost nothing. */
export const addRows = (into: Float64Array, rows: readonly Float64Array[], factors: Float64Array): void => {
  for (let at = nextFactor(factors, 0); at < rows.length; ) {
    const second = nextFactor(factors, at + 1)
    const third = nextFactor(factors, second + 1)
    const fourth = nextFactor(factors, third + 1)
    if (fourth >= rows.length) {
      for (let r = at; r < rows.length; r = nextFactor(factors, r + 1)) addRow(into, rows[r]!, factors[r]!)
      return
    }
    const [a, b, c, d] = [rows[at]!, rows[second]!, rows[third]!, rows[fourth]!]
    const ofA = factors[at]!
    const ofB = factors[second]!
    const ofC = factors[third]!
    const ofD = factors[fourth]!
    for (let k = 0; k < a.length; k++) into[k]! += ofA * a[k]! + ofB * b[k]! + (ofC * c[k]! + ofD * d[k]!)
    at = nextFactor(factors, fourth + 1)
  }
}

const addRow = (into: Float64Array, row: Float64Array, factor: number): void => {
  for (let k = 0; k < row.length; k++) into[k]! += factor * row[k]!
}

/** Place of the next factor that is not 0. */
const nextFactor = (factors: Float64Array, from: number): number => {
  let at = from
  while (at < factors.length && factors[at] === 0) at++
  return at
}
