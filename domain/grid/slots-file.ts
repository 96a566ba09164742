/**
 * Slots in a file: for each, the powers of loads, generators and storages by id. An element that a slot does not name keeps
 * the power of the network's file; an id that the network does not have is a problem, not a load that is lost.
 */
import type { Injector, Network } from './network.ts'
import { type NetworkProblem, NetworkProblems } from './network-problem.ts'
import type { InjectorPowers, SlotPowers } from './power-flow.ts'

export interface Slot {
  readonly title?: string
  readonly time?: string
  readonly powers: SlotPowers
}

export type ReadSlots =
  | { readonly slots: readonly Slot[]; readonly problems: readonly NetworkProblem[] }
  | { readonly slots?: never; readonly problems: readonly NetworkProblem[] }

/** `row` and `solution` are what published slots carry beside their powers; they say nothing about the powers. */
const knownFields = new Set([
  ...['title', 'time', 'row', 'solution'],
  ...['loadsById_kW_kvar', 'generatorsById_kW_kvar', 'storagesById_kW_kvar']
])

export const parseSlots = (json: unknown, network: Network): ReadSlots => {
  const problems = new NetworkProblems()
  if (!Array.isArray(json)) {
    problems.error('bad-value', '', 'Slots are a JSON list.')
    return { problems: problems.list }
  }
  if (json.length === 0) problems.error('missing-data', '', 'There is no slot in the list.')
  const slots = json.map((slot: unknown, n): Slot => {
    if (!isObject(slot)) {
      problems.error('bad-value', `/${n}`, 'must be an object')
      return { powers: {} }
    }
    for (const name of Object.keys(slot))
      if (!knownFields.has(name)) problems.error('unknown-field', `/${n}/${name}`, `${name} is no field of a slot`)
    const powers = (name: string, list: readonly Injector[]): InjectorPowers | undefined =>
      slot[name] === undefined ? undefined : powersOf(slot[name], `/${n}/${name}`, list, problems)
    const loads = powers('loadsById_kW_kvar', network.loads)
    const generators = powers('generatorsById_kW_kvar', network.generators)
    const storages = powers('storagesById_kW_kvar', network.storages)
    return {
      ...textField(slot, 'title', n, problems),
      ...textField(slot, 'time', n, problems),
      powers: { ...(loads && { loads }), ...(generators && { generators }), ...(storages && { storages }) }
    }
  })
  return problems.list.length > 0 ? { problems: problems.list } : { slots, problems: [] }
}

const powersOf = (
  byId: unknown,
  path: string,
  list: readonly Injector[],
  problems: NetworkProblems
): InjectorPowers => {
  const place = new Map(list.map(({ id }, n) => [id, n]))
  const p_kW = Float64Array.from(list, one => one.p_kW)
  const q_kvar = Float64Array.from(list, one => one.q_kvar)
  if (!isObject(byId)) problems.error('bad-value', path, 'must be an object of pairs [kW, kvar] by id')
  else
    for (const [id, pair] of Object.entries(byId)) {
      const n = place.get(id)
      const at = `${path}/${id.replaceAll('~', '~0').replaceAll('/', '~1')}`
      if (n === undefined) problems.error('unknown-element', at, `the network has no ${id}`)
      else if (!isPair(pair)) problems.error('bad-value', at, 'must be a pair of numbers, [kW, kvar]')
      else {
        p_kW[n] = pair[0]
        q_kvar[n] = pair[1]
      }
    }
  return { p_kW, q_kvar }
}

const textField = <Name extends 'title' | 'time'>(
  slot: Readonly<Record<string, unknown>>,
  name: Name,
  n: number,
  problems: NetworkProblems
): { readonly [name in Name]?: string } => {
  const value = slot[name]
  const found: { [name in Name]?: string } = {}
  if (typeof value === 'string') found[name] = value
  else if (value !== undefined) problems.error('bad-value', `/${n}/${name}`, `${name} must be text`)
  return found
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isPair = (value: unknown): value is readonly [number, number] =>
  Array.isArray(value) && value.length === 2 && value.every(one => typeof one === 'number' && Number.isFinite(one))
