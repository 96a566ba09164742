/**
 * Kirchhoff's equations of the nodes that have a voltage, ordered for elimination without fill-in where the network is a
 * tree: external grids first, then depth first, so that a node comes after the one that supplies it.
 *
 * `shape` says what the network is: `tree` (every node is supplied on one path; parallel branches count as one) or
 * `meshed` (with rings, or with external grids joined by a path). A tree is solved by `treeSteps`, both by `meshSteps`.
 */
import type { TwoPort } from './branch-admittance.ts'

export interface NodeEquations {
  readonly shape: 'tree' | 'meshed'
  /** Rows; the first `fixedRows` are held by external grids. */
  readonly rows: number
  readonly fixedRows: number
  readonly rowOfNode: Int32Array
  readonly nodeOfRow: Int32Array
  /** Voltage of the fixed rows, per unit. */
  readonly fixedRe: Float64Array
  readonly fixedIm: Float64Array
  /** Own admittance of each row: re, im. */
  readonly own: Float64Array
  /** For a tree: row of the supplying node, and the admittances towards it and back: up.re, up.im, down.re, down.im. */
  readonly parent: Int32Array
  readonly toParent: Float64Array
  /** Pairs of different rows that a branch joins: lower row, higher row; admittance low→high, high→low as 4 numbers. */
  readonly pairLow: Int32Array
  readonly pairHigh: Int32Array
  readonly pairs: Float64Array
  /** The pairs whose lower row is an external grid's. */
  readonly fixedPairs: Int32Array
}

interface Asked {
  readonly nodes: number
  readonly reached: Uint8Array
  readonly fixed: readonly { readonly node: number; readonly vm_pu: number; readonly va_degree: number }[]
  readonly branches: readonly { readonly from: number; readonly to: number; readonly twoPort: TwoPort }[]
  readonly shunts: readonly { readonly node: number; readonly re: number; readonly im: number }[]
}

export const nodeEquations = ({ nodes, reached, fixed, branches, shunts }: Asked): NodeEquations => {
  const neighbours: number[][] = Array.from({ length: nodes }, () => [])
  for (const { from, to } of branches)
    if (from >= 0 && to >= 0 && from !== to && reached[from] === 1) {
      neighbours[from]!.push(to)
      neighbours[to]!.push(from)
    }
  const { rowOfNode, nodeOfRow, parent, fixedRows } = order(
    nodes,
    fixed.map(({ node }) => node),
    neighbours
  )
  const rows = nodeOfRow.length
  const own = new Float64Array(2 * rows)
  const addOwn = (row: number, re: number, im: number): void => {
    own[2 * row]! += re
    own[2 * row + 1]! += im
  }
  const place = new Map<number, number>()
  const lows: number[] = []
  const highs: number[] = []
  const values: number[] = []
  for (const { from, to, twoPort } of branches) {
    const a = from < 0 ? -1 : rowOfNode[from]!
    const b = to < 0 ? -1 : rowOfNode[to]!
    if (a >= 0) addOwn(a, twoPort.ff.re, twoPort.ff.im)
    if (b >= 0) addOwn(b, twoPort.tt.re, twoPort.tt.im)
    if (a < 0 || b < 0) continue
    if (a === b) {
      addOwn(a, twoPort.ft.re + twoPort.tf.re, twoPort.ft.im + twoPort.tf.im)
      continue
    }
    const [low, high, up, down] = a < b ? [a, b, twoPort.ft, twoPort.tf] : [b, a, twoPort.tf, twoPort.ft]
    let at = place.get(low * rows + high)
    if (at === undefined) {
      at = lows.length
      place.set(low * rows + high, at)
      lows.push(low)
      highs.push(high)
      values.push(0, 0, 0, 0)
    }
    values[4 * at]! += up.re
    values[4 * at + 1]! += up.im
    values[4 * at + 2]! += down.re
    values[4 * at + 3]! += down.im
  }
  for (const { node, re, im } of shunts) if (rowOfNode[node]! >= 0) addOwn(rowOfNode[node]!, re, im)
  const isTree = lows.every((low, n) => highs[n]! < fixedRows || parent[highs[n]!] === low)
  const toParent = new Float64Array(4 * rows)
  if (isTree)
    lows.forEach((_, n) => {
      const row = highs[n]!
      if (row < fixedRows) return
      // low→high is what the parent sees of the child; the row itself needs high→low first.
      toParent.set([values[4 * n + 2]!, values[4 * n + 3]!, values[4 * n]!, values[4 * n + 1]!], 4 * row)
    })
  const voltages = new Map(fixed.map(({ node, vm_pu, va_degree }) => [rowOfNode[node]!, { vm_pu, va_degree }]))
  const fixedVoltage = (row: number): { vm_pu: number; angle: number } => {
    const { vm_pu, va_degree } = voltages.get(row)!
    return { vm_pu, angle: (va_degree * Math.PI) / 180 }
  }
  const fixedIndex = Array.from({ length: fixedRows }, (_, row) => fixedVoltage(row))
  return {
    shape: isTree ? 'tree' : 'meshed',
    rows,
    fixedRows,
    rowOfNode,
    nodeOfRow,
    fixedRe: Float64Array.from(fixedIndex, ({ vm_pu, angle }) => vm_pu * Math.cos(angle)),
    fixedIm: Float64Array.from(fixedIndex, ({ vm_pu, angle }) => vm_pu * Math.sin(angle)),
    own,
    parent,
    toParent,
    pairLow: Int32Array.from(lows),
    pairHigh: Int32Array.from(highs),
    pairs: Float64Array.from(values),
    fixedPairs: Int32Array.from(lows.flatMap((low, n) => (low < fixedRows ? [n] : [])))
  }
}

/** External grids, then every node after the one that it was found from, branch by branch. */
const order = (nodes: number, fixed: readonly number[], neighbours: readonly (readonly number[])[]) => {
  const rowOfNode = new Int32Array(nodes).fill(-1)
  const nodeOfRow: number[] = []
  const parent: number[] = []
  for (const node of fixed)
    if (rowOfNode[node] === -1) {
      rowOfNode[node] = nodeOfRow.length
      nodeOfRow.push(node)
      parent.push(-1)
    }
  const fixedRows = nodeOfRow.length
  for (let root = 0; root < fixedRows; root++) {
    // Found nodes wait on a stack with the row they were found from; the row is given when the node is taken.
    const waiting = neighbours[nodeOfRow[root]!]!.map(node => [node, root] as const).reverse()
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [node, from] = next
      if (rowOfNode[node] !== -1) continue
      const row = nodeOfRow.length
      rowOfNode[node] = row
      nodeOfRow.push(node)
      parent.push(from)
      const around = neighbours[node]!
      for (let n = around.length - 1; n >= 0; n--) if (rowOfNode[around[n]!] === -1) waiting.push([around[n]!, row])
    }
  }
  return { rowOfNode, nodeOfRow: Int32Array.from(nodeOfRow), parent: Int32Array.from(parent), fixedRows }
}
