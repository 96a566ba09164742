/**
 * The limits of a network at a point of operation, by row: what is exceeded and by how much, in percent (of nominal voltage,
 * of rated current), so that voltages and currents can be added up; and how each reacts to what is injected.
 *
 * Made for many calls: a scan costs less than a Newton step and allocates nothing. Rows that external grids hold are left
 * out: no injection moves their voltage; `violationsOf` reports them in the final proof.
 */
import type { CompiledNetwork } from '../compile-network.ts'
import type { OperatingPoint } from '../power-flow.ts'
import { adjointsAt, type Monitored, regionsOf, type sensitivitiesAtRows } from '../sensitivities.ts'
import { type Limits, LOADING_MARGIN_PERCENT, VOLTAGE_MARGIN_PU } from '../violations.ts'

/** One limit: which quantity, and on which side of it. Voltage: sign -1 is a lower limit. */
export interface WatchedLimit {
  readonly key: number
  readonly monitored: Monitored
  readonly sign: 1 | -1
  /** Percent for 1 pu or 1 A. */
  readonly percentPer: number
  readonly limitPercent: number
  /** Index among `regions`. */
  readonly region: number
}

export interface Region {
  readonly first: number
  readonly end: number
}

export interface LimitWatch {
  readonly regions: readonly Region[]
  readonly regionOfRow: Int32Array
  /** Exceedances at the point's voltages; true: there is one. */
  scan(): boolean
  /** Regions with an exceedance, after `scan`. */
  broken(): readonly number[]
  /** Exceeded limits of a region that no neighbour exceeds more, worst first; at most `most`. After `scan`. */
  worst(region: number, most: number): readonly number[]
  /** Sum of all exceedances of a region, percent. After `scan`. */
  total(region: number): number
  limit(key: number): WatchedLimit
  /** Exceedance (positive) or room left (negative) of a limit, percent, at the point's voltages. */
  excess(key: number): number
  /** Percent of exceedance that each of these injections takes off; after `point.linearise()` and `injections.take()`. */
  help(key: number, injections: ReturnType<typeof sensitivitiesAtRows>, into: Float64Array): void
}

interface Rated {
  readonly kind: 'line' | 'transformer'
  readonly index: number
  readonly end: 'from' | 'to'
  readonly own: number
  readonly other: number
  readonly percentPer_A: number
  readonly limitPercent: number
  readonly base_A: number
  readonly region: number
}

export const limitWatch = (point: OperatingPoint, limits: Limits): LimitWatch => {
  const { compiled, re, im } = point
  const { equations } = compiled
  const { rows, fixedRows, parent } = equations
  const regions = regionsOf(equations)
  const regionOfRow = new Int32Array(rows).fill(-1)
  for (const [n, { first, end }] of regions.entries()) regionOfRow.fill(n, first, end)
  const { minPu, maxPu, busOfMin, busOfMax } = rowLimits(compiled, limits)
  const rated = ratedEnds(compiled, limits, regionOfRow)
  const admittances = rated.map(({ kind, index, end }) => {
    const from = 8 * index + (end === 'from' ? 0 : 4)
    const y = compiled[kind === 'line' ? 'lines' : 'transformers'].admittance.subarray(from, from + 4)
    return end === 'from' ? [y[0]!, y[1]!, y[2]!, y[3]!] : [y[2]!, y[3]!, y[0]!, y[1]!]
  })
  // Own and other admittance of each rated end, and what the square of its current may be, in per unit.
  const y = Float64Array.from(admittances.flat())
  const own = Int32Array.from(rated, one => one.own)
  const other = Int32Array.from(rated, one => one.other)
  const mostSquare = Float64Array.from(
    rated,
    ({ limitPercent, percentPer_A, base_A }) => ((limitPercent + LOADING_MARGIN_PERCENT) / percentPer_A / base_A) ** 2
  )
  const lowSquare = minPu.map(value => Math.max(0, value - VOLTAGE_MARGIN_PU) ** 2)
  const highSquare = maxPu.map(value => (value + VOLTAGE_MARGIN_PU) ** 2)
  /** Keys: 2·row lower and 2·row + 1 upper voltage limit, then the rated ends. */
  const exceeded: number[] = []
  const excessOf = new Float64Array(2 * rows + rated.length)
  const adjointOf = adjointsAt(point)

  const current = (n: number): number => {
    const f = own[n]!
    const t = other[n]!
    const tr = t < 0 ? 0 : re[t]!
    const ti = t < 0 ? 0 : im[t]!
    const ir = y[4 * n]! * re[f]! - y[4 * n + 1]! * im[f]! + y[4 * n + 2]! * tr - y[4 * n + 3]! * ti
    const ii = y[4 * n]! * im[f]! + y[4 * n + 1]! * re[f]! + y[4 * n + 2]! * ti + y[4 * n + 3]! * tr
    return ir * ir + ii * ii
  }
  const excess = (key: number): number => {
    if (key >= 2 * rows) {
      const { percentPer_A, base_A, limitPercent } = rated[key - 2 * rows]!
      return Math.sqrt(current(key - 2 * rows)) * base_A * percentPer_A - limitPercent
    }
    const row = key >> 1
    const size = Math.sqrt(re[row]! * re[row]! + im[row]! * im[row]!)
    return 100 * (key & 1 ? size - maxPu[row]! : minPu[row]! - size)
  }
  const regionOf = (key: number): number => (key < 2 * rows ? regionOfRow[key >> 1]! : rated[key - 2 * rows]!.region)
  const limit = (key: number): WatchedLimit => {
    if (key >= 2 * rows) {
      const { kind, index, end, percentPer_A, limitPercent, region } = rated[key - 2 * rows]!
      return { key, monitored: { kind, index, end }, sign: 1, percentPer: percentPer_A, limitPercent, region }
    }
    const row = key >> 1
    const isUpper = (key & 1) === 1
    return {
      key,
      monitored: { kind: 'voltage', bus: isUpper ? busOfMax[row]! : busOfMin[row]! },
      sign: isUpper ? 1 : -1,
      percentPer: 100,
      limitPercent: 100 * (isUpper ? maxPu[row]! : minPu[row]!),
      region: regionOfRow[row]!
    }
  }

  /** Those that no neighbour in the tree exceeds more (the others mostly go with them), worst first. */
  const peaks = (keys: readonly number[], most: number): readonly number[] => {
    const values = new Map(keys.map(key => [key, excess(key)]))
    const covered = new Set<number>()
    for (const [key, value] of values) {
      if (key >= 2 * rows) continue
      const up = parent[key >> 1]!
      const above = 2 * up + (key & 1)
      const valueAbove = up < fixedRows ? undefined : values.get(above)
      if (valueAbove !== undefined) covered.add(valueAbove >= value ? key : above)
    }
    return keys
      .filter(key => !covered.has(key))
      .sort((a, b) => values.get(b)! - values.get(a)! || a - b)
      .slice(0, most)
  }

  return {
    regions,
    regionOfRow,
    limit,
    excess,
    scan() {
      for (const key of exceeded) excessOf[key] = 0
      exceeded.length = 0
      for (let row = fixedRows; row < rows; row++) {
        const square = re[row]! * re[row]! + im[row]! * im[row]!
        if (square < lowSquare[row]!) exceeded.push(2 * row)
        else if (square > highSquare[row]!) exceeded.push(2 * row + 1)
      }
      for (let n = 0; n < own.length; n++) if (current(n) > mostSquare[n]!) exceeded.push(2 * rows + n)
      for (const key of exceeded) excessOf[key] = excess(key)
      return exceeded.length > 0
    },
    broken: () => [...new Set(exceeded.map(regionOf))].sort((a, b) => a - b),
    total: region => exceeded.reduce((sum, key) => (regionOf(key) === region ? sum + excessOf[key]! : sum), 0),
    worst: (region, most) =>
      peaks(
        exceeded.filter(key => regionOf(key) === region),
        most
      ),
    help(key, injections, into) {
      const { monitored, sign, percentPer, region } = limit(key)
      const adjoint = adjointOf(monitored)
      const { first, end } = regions[region]!
      if (adjoint.first !== first || adjoint.end !== end) throw new Error(`help: ${key} reacts to another region`)
      injections.into(adjoint, -sign * percentPer, into)
    }
  }
}

/** The tightest limits of the buses of each row. */
const rowLimits = ({ network, equations, rowOfBus }: CompiledNetwork, limits: Limits) => {
  const minPu = new Float64Array(equations.rows).fill(Number.NEGATIVE_INFINITY)
  const maxPu = new Float64Array(equations.rows).fill(Number.POSITIVE_INFINITY)
  const busOfMin = new Int32Array(equations.rows).fill(-1)
  const busOfMax = new Int32Array(equations.rows).fill(-1)
  for (let bus = 0; bus < network.buses.length; bus++) {
    const row = rowOfBus[bus]!
    if (row < 0) continue
    if (limits.minPu[bus]! > minPu[row]!) {
      minPu[row] = limits.minPu[bus]!
      busOfMin[row] = bus
    }
    if (limits.maxPu[bus]! < maxPu[row]!) {
      maxPu[row] = limits.maxPu[bus]!
      busOfMax[row] = bus
    }
  }
  return { minPu, maxPu, busOfMin, busOfMax }
}

const ratedEnds = (compiled: CompiledNetwork, limits: Limits, regionOfRow: Int32Array): readonly Rated[] => {
  const ends: Rated[] = []
  for (const kind of ['line', 'transformer'] as const) {
    const branches = compiled[kind === 'line' ? 'lines' : 'transformers']
    const percent = kind === 'line' ? limits.linePercent : limits.transformerPercent
    for (let index = 0; index < branches.count; index++)
      for (const end of ['from', 'to'] as const) {
        const ownRow = (end === 'from' ? branches.from : branches.to)[index]!
        const otherRow = (end === 'from' ? branches.to : branches.from)[index]!
        const rated_A = (end === 'from' ? branches.fromRated_A : branches.toRated_A)[index]!
        const region = Math.max(ownRow < 0 ? -1 : regionOfRow[ownRow]!, otherRow < 0 ? -1 : regionOfRow[otherRow]!)
        // Between external grids nothing that is injected changes a current.
        if (ownRow < 0 || region < 0 || !Number.isFinite(rated_A)) continue
        const base_A = (end === 'from' ? branches.fromBase_A : branches.toBase_A)[index]!
        const limitPercent = percent[index]!
        ends.push({
          ...{ kind, index, end, own: ownRow, other: otherRow, region },
          ...{ percentPer_A: 100 / rated_A, limitPercent, base_A }
        })
      }
  }
  return ends
}
