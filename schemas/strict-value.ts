/**
 * Does a value fit its schema exactly? Stricter than Avro's writers, which drop unknown fields, fill in missing ones and
 * replace unpaired surrogates: whatever would come back from the log other than it went in is refused, with its path.
 */
import { type AvroField, type AvroRecord, type AvroType, definitionsOf, isPrimitive, isUnion } from './avro-schema.ts'
import { LONG_BOUND } from './avro-types.ts'

export interface Misfit {
  /** JSON pointer, '' for the message itself. */
  readonly path: string
  readonly expected: string
  readonly actual: unknown
}

type Check = (value: unknown) => Misfit | undefined

const leaf =
  (expected: string, fits: (value: unknown) => boolean): Check =>
  value =>
    fits(value) ? undefined : { path: '', expected, actual: value }

const isExactLong = (value: unknown): boolean =>
  Number.isSafeInteger(value) && (value as number) < LONG_BOUND && (value as number) > -LONG_BOUND

const checks = {
  null: leaf('null', value => value === null),
  boolean: leaf('a boolean', value => typeof value === 'boolean'),
  int: leaf('a whole number of 32 bits', value => typeof value === 'number' && value === (value | 0)),
  long: leaf('a whole number below 2^52', isExactLong),
  double: leaf('a finite number', Number.isFinite),
  string: leaf('a well-formed string', value => typeof value === 'string' && value.isWellFormed())
} as const satisfies Record<string, Check>

const under = (step: string | number, misfit: Misfit): Misfit => ({ ...misfit, path: `/${step}${misfit.path}` })

/** The check of a message; `type` beside its fields is allowed, because it is how a message says which it is. */
export const strictCheck = (schema: AvroRecord): ((value: object) => Misfit | undefined) => {
  const definitions = definitionsOf(schema)

  const recordCheck = (fields: readonly AvroField[], tags: readonly string[]): Check => {
    const names = fields.map(field => field.name)
    const known = new Set([...names, ...tags])
    const fieldChecks = fields.map(field => checkOf(field.type))
    return value => {
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        return { path: '', expected: 'an object', actual: value }
      const record = value as Record<string, unknown>
      for (let i = 0; i < names.length; i++) {
        const misfit = fieldChecks[i]!(record[names[i]!])
        if (misfit !== undefined) return under(names[i]!, misfit)
      }
      for (const key in record)
        if (!known.has(key)) return { path: `/${key}`, expected: 'no such field', actual: record[key] }
      return undefined
    }
  }

  const checkOf = (type: AvroType): Check => {
    if (isPrimitive(type)) return checks[type]
    if (typeof type === 'string') return checkOf(definitions.get(type)!)
    if (isUnion(type)) {
      const inner = checkOf(type[1]!)
      return value => {
        if (value === null) return undefined
        const misfit = inner(value)
        return misfit?.path === '' ? { ...misfit, expected: `null or ${misfit.expected}` } : misfit
      }
    }
    switch (type.type) {
      case 'record':
        return recordCheck(type.fields, [])
      case 'enum': {
        const symbols = new Set<unknown>(type.symbols)
        return leaf(`one of ${type.symbols.join(', ')}`, value => symbols.has(value))
      }
      case 'long':
        return leaf('a time in whole milliseconds', isExactLong)
      case 'array': {
        const item = checkOf(type.items)
        return value => {
          if (!Array.isArray(value)) return { path: '', expected: 'a list', actual: value }
          for (let i = 0; i < value.length; i++) {
            const misfit = item(value[i])
            if (misfit !== undefined) return under(i, misfit)
          }
          return undefined
        }
      }
    }
  }

  return recordCheck(schema.fields, ['type'])
}

const shown = (value: unknown): string => {
  const text =
    typeof value === 'bigint' ? `${value}n` : value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeof value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

export const misfitText = ({ path, expected, actual }: Misfit): string =>
  `${path === '' ? 'the message' : path}: expected ${expected}, got ${typeof actual === 'number' ? String(actual) : shown(actual)}`
