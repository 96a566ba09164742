/**
 * The limits that a grid operator sets for its network (T-71): the records of the log, read as the limits of a file are
 * (docs/reference/flexibility-request.md), so that both have the same bounds and the same faults. They are a part of the
 * version of the network: what was assessed with which limits can always be told, and switching keeps them.
 */
import type { GridLimit } from '../../schemas/generated.ts'
import { parseThresholds } from '../grid/limits-file.ts'
import type { Network } from '../grid/network.ts'
import type { NetworkProblem } from '../grid/network-problem.ts'
import { defaultThresholds, type Thresholds } from '../grid/violations.ts'

const levelOf = { lowVoltage: 'low', mediumVoltage: 'medium', highVoltage: 'high' } as const
const listOf = { bus: 'buses', line: 'lines', transformer: 'transformers' } as const

export const networkThresholds = (
  limits: readonly GridLimit[],
  network: Network
): { readonly thresholds: Thresholds; readonly problems: readonly NetworkProblem[] } => {
  if (limits.length === 0) return { thresholds: defaultThresholds, problems: [] }
  const problems: NetworkProblem[] = []
  const problem = (path: string, detail: string, code: NetworkProblem['code'] = 'bad-value'): void => {
    problems.push({ severity: 'error', code, path: `/limits${path}`, detail })
  }
  const whole = new Map<unknown, unknown>()
  const levels = new Map<unknown, unknown>()
  const elements: Record<'buses' | 'lines' | 'transformers', Map<unknown, unknown>> = {
    buses: new Map(),
    lines: new Map(),
    transformers: new Map()
  }
  for (const [n, limit] of limits.entries()) {
    const { of, id, minPu, maxPu, percent } = limit
    const isElement = of === 'bus' || of === 'line' || of === 'transformer'
    const isPercent = of === 'loading' || of === 'line' || of === 'transformer'
    const fits = isPercent ? percent !== null && minPu === null && maxPu === null : percent === null
    const into = isElement ? elements[listOf[of]] : of === 'loading' ? whole : levels
    const key = isElement ? id : of === 'loading' ? 'loadingPercent' : levelOf[of]
    if (isElement !== (id !== null)) problem(`/${n}/id`, `a limit of ${of} has ${isElement ? 'an' : 'no'} id`)
    else if (!fits) problem(`/${n}`, `a limit of ${of} is ${isPercent ? 'a percentage alone' : 'a band of voltages'}`)
    else if (into.has(key)) problem(`/${n}`, `the limit of ${id ?? of} is given twice`, 'duplicate-id')
    else into.set(key, isPercent ? percent : bandOf(limit))
  }
  if (levels.size > 0) whole.set('voltage', Object.fromEntries(levels))
  for (const [list, byId] of Object.entries(elements)) if (byId.size > 0) whole.set(list, Object.fromEntries(byId))
  const read = parseThresholds(Object.fromEntries(whole), network)
  for (const { path, detail } of read.problems ?? []) problem(path, detail)
  return { thresholds: read.thresholds ?? defaultThresholds, problems }
}

const bandOf = ({ minPu, maxPu }: GridLimit): object => ({
  ...(minPu === null ? {} : { minPu }),
  ...(maxPu === null ? {} : { maxPu })
})
