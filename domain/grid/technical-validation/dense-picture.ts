/** The limits of any network to first order: a transposed solve for each limit, and every candidate's effect from it. */
import type { OperatingPoint } from '../power-flow.ts'
import { type Monitored as Quantity, sensitivitiesAt } from '../sensitivities.ts'
import type { LimitPicture } from './limit-picture.ts'
import type { LimitScan, Monitored } from './limit-scan.ts'
import { linearLimitsOf } from './linear-limits.ts'

export const densePicture = (point: OperatingPoint, scan: LimitScan): LimitPicture => {
  const sensitivityOf = sensitivitiesAt(point)
  return ({ limits, monitored, most, columns, levels, effectLeast }) => {
    const n = most.length
    const effect = new Float64Array(n)
    const room = new Float64Array(monitored.length)
    const firstOf = new Int32Array(monitored.length + 1)
    const candidate: number[] = []
    const use: number[] = []
    point.linearise()
    monitored.forEach((one, c) => {
      const { first, end, p, q } = sensitivityOf(quantityOf(one, scan))
      const perWatt = factorOf(point, one, scan) / 1000
      effect.fill(0)
      for (const entries of [columns.single, columns.shared])
        for (let e = entries.firstOfRow[first]!; e < entries.firstOfRow[end]!; e++) {
          const perKilo = entries.quantity[e] === 0 ? p : q
          effect[entries.candidate[e]!]! += perWatt * entries.share[e]! * perKilo[entries.row[e]! - first]!
        }
      let left = scan.roomOf(one, limits)
      let strongestUse = 0
      let strongestCure = 0
      for (let i = 0; i < n; i++) {
        left += effect[i]! * levels[i]!
        strongestUse = Math.max(strongestUse, effect[i]!)
        strongestCure = Math.min(strongestCure, effect[i]!)
      }
      const leastUse = effectLeast * strongestUse
      const leastCure = effectLeast * strongestCure
      let given = 0
      let atMost = 0
      for (let i = 0; i < n; i++) {
        const used = effect[i]!
        if (used >= leastUse || used <= leastCure) continue
        given += used * levels[i]!
        if (used > 0) atMost += used * most[i]!
      }
      const isThreshold = atMost <= left
      room[c] = isThreshold ? left - given : left
      for (let i = 0; i < n; i++) {
        const used = effect[i]!
        if (used === 0 || (isThreshold && used < leastUse && used > leastCure)) continue
        candidate.push(i)
        use.push(used)
      }
      firstOf[c + 1] = use.length
    })
    return linearLimitsOf({
      ...{ candidates: n, room, firstOf },
      ...{ candidate: Int32Array.from(candidate), use: Float64Array.from(use) }
    })
  }
}

/** What of the grid a limit is about. */
const quantityOf = (one: Monitored, scan: LimitScan): Quantity => {
  if (one.kind === 'under-voltage' || one.kind === 'over-voltage') return { kind: 'voltage', bus: one.index }
  return {
    kind: one.kind === 'line-overload' ? 'line' : 'transformer',
    index: one.index,
    end: scan.loadingOf(one).isFrom ? 'from' : 'to'
  }
}

/** How the quantity's value (pu, A) turns into use of the limit (pu, percent). */
export const factorOf = ({ compiled }: OperatingPoint, one: Monitored, scan: LimitScan): number => {
  if (one.kind === 'under-voltage') return -1
  if (one.kind === 'over-voltage') return 1
  const { fromRated_A, toRated_A } = compiled[one.kind === 'line-overload' ? 'lines' : 'transformers']
  return 100 / (scan.loadingOf(one).isFrom ? fromRated_A : toRated_A)[one.index]!
}
