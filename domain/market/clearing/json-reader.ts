import type { BookProblem } from './book-file.ts'

export type Fields = { readonly [name: string]: unknown }

/** Longest id that is accepted, in characters. */
const textMost = 200

/**
 * Reads JSON field by field and collects what is wrong instead of stopping. After a problem it returns a harmless value of
 * the right type, so reading goes on; the caller must look at `problems` before it uses anything.
 */
export class JsonReader {
  readonly problems: BookProblem[] = []

  problem(path: string, detail: string): void {
    this.problems.push({ path, detail })
  }

  object(path: string, value: unknown, required: readonly string[], optional: readonly string[]): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.problem(path, 'must be an object')
      return {}
    }
    const fields: Fields = { ...value }
    for (const name of required) if (fields[name] === undefined) this.problem(`${path}/${name}`, 'is missing')
    for (const name of Object.keys(fields))
      if (!required.includes(name) && !optional.includes(name))
        this.problem(`${path}/${escapePointer(name)}`, 'is no field of this format')
    return fields
  }

  /** A field of what may not be an object at all. */
  peek(value: unknown, name: string): unknown {
    return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined
  }

  list(path: string, value: unknown, least = 0): readonly unknown[] {
    if (Array.isArray(value)) {
      if (value.length < least) this.problem(path, `must have at least ${least}`)
      return value
    }
    if (value !== undefined) this.problem(path, 'must be a list')
    return []
  }

  integer(path: string, value: unknown, low: number, high: number): number {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= low && value <= high) return value
    if (value !== undefined) this.problem(path, `must be a whole number from ${low} to ${high}`)
    return low
  }

  number(path: string, value: unknown, low: number, high: number): number {
    if (typeof value === 'number' && value >= low && value <= high) return value
    if (value !== undefined) this.problem(path, `must be a number from ${low} to ${high}`)
    return low
  }

  text(path: string, value: unknown): string {
    if (typeof value === 'string' && value.length > 0 && value.length <= textMost) return value
    if (value !== undefined) this.problem(path, `must be text of 1 to ${textMost} characters`)
    return ''
  }

  boolean(path: string, value: unknown): boolean {
    if (typeof value === 'boolean') return value
    this.problem(path, 'must be true or false')
    return false
  }

  /** A number from 0 to 1. */
  share(path: string, value: unknown): number {
    if (typeof value === 'number' && value >= 0 && value <= 1) return value
    this.problem(path, 'must be a number from 0 to 1')
    return 0
  }

  oneOf<T extends string>(path: string, value: unknown, allowed: readonly T[]): T {
    const found = allowed.find(option => option === value)
    if (found !== undefined) return found
    if (value !== undefined) this.problem(path, `must be one of ${allowed.join(', ')}`)
    return allowed[0]!
  }

  unique(path: string, field: string | undefined, values: readonly string[]): void {
    const seen = new Map<string, number>()
    values.forEach((value, n) => {
      if (value === '') return
      const first = seen.get(value)
      const at = field === undefined ? `${path}/${n}` : `${path}/${n}/${field}`
      if (first !== undefined) this.problem(at, `${value} is at ${path}/${first} already`)
      else seen.set(value, n)
    })
  }
}

const escapePointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')
