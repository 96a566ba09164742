/**
 * Objects of CIM files as the importer sees them: ids, classes, and values by the local name of their attribute. Reads a
 * value as what it must be, and says so where it is not.
 */
import type { NetworkProblems } from '../network-problem.ts'

export interface CimObject {
  readonly id: string
  readonly type: string
  readonly values: ReadonlyMap<string, readonly string[]>
}

export type CimObjects = ReadonlyMap<string, CimObject>

export interface CimReader {
  /** All objects of these classes, in the order of the files. */
  ofTypes(...types: readonly string[]): readonly CimObject[]
  /** What an attribute says, text or id of a reference. */
  text(object: CimObject | undefined, ...names: readonly string[]): string | undefined
  number(object: CimObject | undefined, ...names: readonly string[]): number | undefined
  boolean(object: CimObject | undefined, name: string): boolean | undefined
  /** The object that a reference names; a reference to nothing is a problem. */
  at(object: CimObject | undefined, ...names: readonly string[]): CimObject | undefined
  /** Name for people and messages. */
  name(object: CimObject): string
}

export const cimReader = (objects: CimObjects, problems: NetworkProblems): CimReader => {
  const byType = new Map<string, CimObject[]>()
  for (const object of objects.values()) {
    const list = byType.get(object.type)
    if (list === undefined) byType.set(object.type, [object])
    else list.push(object)
  }
  const text = (object: CimObject | undefined, ...names: readonly string[]): string | undefined => {
    for (const name of names) {
      const value = object?.values.get(name)?.[0]
      if (value !== undefined && value !== '') return value
    }
    return undefined
  }
  return {
    ofTypes: (...types) => types.flatMap(type => byType.get(type) ?? []),
    text,
    number(object, ...names) {
      const value = text(object, ...names)
      if (value === undefined) return undefined
      const number = Number(value)
      if (Number.isFinite(number)) return number
      problems.error('bad-value', placeOf(object), `${names[0]} is no number: ${value.slice(0, 40)}`)
      return undefined
    },
    boolean(object, name) {
      const value = text(object, name)
      if (value === undefined || value === 'true' || value === 'false')
        return value === undefined ? undefined : value === 'true'
      problems.error('bad-value', placeOf(object), `${name} is neither true nor false: ${value.slice(0, 40)}`)
      return undefined
    },
    at(object, ...names) {
      const id = text(object, ...names)
      if (id === undefined) return undefined
      const found = objects.get(id)
      if (found === undefined)
        problems.error('unknown-element', placeOf(object), `${names[0]} names ${id}, which no file has`)
      return found
    },
    name: object => text(object, 'IdentifiedObject.name') ?? object.id
  }
}

export const placeOf = (object: CimObject | undefined): string =>
  object === undefined ? '' : `${object.type} ${object.id}`
