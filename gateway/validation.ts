/**
 * Checks what comes in against the schemas of the API, and names all that is wrong at once, each with a JSON pointer.
 *
 * Promises: bounded work and memory for any body below the size limit. A valid body costs one pass that stops at the first
 * error; only a wrong one is looked at again, item by item, until enough is found; an item with more values than any valid
 * one has is reported by its first error alone.
 */
import { Ajv2020 as Ajv, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import type { FastifySchemaCompiler } from 'fastify'
import { dayOf, instantOf } from './instant.ts'
import { isChecked } from './json/json-body.ts'
import { ERRORS_MAX, type ProblemItem } from './problem.ts'

export class InvalidRequest extends Error {
  readonly statusCode = 400
  readonly errors: readonly ProblemItem[]
  readonly errorsTotal: number

  constructor(errors: readonly ProblemItem[], errorsTotal = errors.length) {
    super(errors[0]?.detail ?? 'The request is not valid.')
    this.name = 'InvalidRequest'
    this.errors = errors
    this.errorsTotal = errorsTotal
  }
}

/** A request with 12,000 PoDs is the largest valid item; a PoD with its curves has some 1,000 values. */
const valuesOfItemMax = 20_000
/** Counting goes on to here, so that the total says more than `many`. */
const errorsCountedMax = 10_000

export const MTU_MS = 900_000
const dateLength = 'YYYY-MM-DD'.length

export const formats = {
  'date-time': (text: string) => !Number.isNaN(instantOf(text)),
  date: (text: string) => text.length === dateLength && !Number.isNaN(dayOf(text)),
  'quarter-hour': (text: string) => instantOf(text) % MTU_MS === 0
}

const formatDetails: Readonly<Record<string, string>> = {
  'date-time': 'must be an RFC 3339 time with offset, such as 2025-03-30T01:15:00+01:00',
  date: 'must be a date YYYY-MM-DD that exists',
  'quarter-hour': 'must be an RFC 3339 time with offset on a quarter-hour, such as 2025-03-30T01:15:00+01:00'
}

/** A schema that others name by `$ref`. */
export interface NamedSchema {
  readonly $id: string
}

type Compile = (
  schema: unknown,
  mode: { readonly allErrors: boolean; readonly coerceTypes: boolean }
) => ValidateFunction

/** Compiled checks by schema: operations share many of them, and so do the gateways of one process. */
const compilers = new WeakMap<readonly NamedSchema[], Compile>()

const compilerOf = (named: readonly NamedSchema[]): Compile => {
  const existing = compilers.get(named)
  if (existing) return existing
  const ajvs = new Map<string, Ajv>()
  const compiled = new Map<string, ValidateFunction>()
  const compile: Compile = (schema, { allErrors, coerceTypes }) => {
    const mode = `${allErrors}/${coerceTypes}`
    let ajv = ajvs.get(mode)
    if (!ajv) {
      // Bodies are taken as they are: a number in quotes is a mistake of the sender. Query strings have only text.
      const rules = { useDefaults: coerceTypes, discriminator: true, strict: false, formats }
      ajv = new Ajv({ allErrors, coerceTypes, ...rules })
      for (const one of named) ajv.addSchema(one)
      ajvs.set(mode, ajv)
    }
    const key = `${mode}/${JSON.stringify(schema)}`
    const check = compiled.get(key) ?? ajv.compile(asSchema(schema))
    compiled.set(key, check)
    return check
  }
  compilers.set(named, compile)
  return compile
}

export const schemaCompiler = (named: readonly NamedSchema[]): FastifySchemaCompiler<unknown> => {
  const compile = compilerOf(named)
  const checkOf = (schema: unknown): Check => ({
    first: () => compile(schema, { allErrors: false, coerceTypes: false }),
    all: () => compile(schema, { allErrors: true, coerceTypes: false })
  })

  return ({ schema, httpPart }) => {
    if (httpPart !== 'body') {
      // What comes with the address is small: one look finds everything.
      // A parameter that does not exist would be a filter that filters nothing.
      const closed = httpPart === 'querystring' ? { ...asSchema(schema), additionalProperties: false } : schema
      const all = compile(closed, { allErrors: true, coerceTypes: true })
      return value => (all(value) ? { value } : { error: invalid(itemsOf(all, `/${httpPart}`), all) })
    }
    const fast = checkOf(schema).first()
    const { single, list } = alternatives(schema)
    const whole = checkOf(single ?? list)
    const item = list === undefined ? undefined : checkOf(asSchema(list)['items'])
    return value => {
      if (isChecked(value, schema) || fast(value)) return { value }
      if (item && Array.isArray(value)) {
        const lengths = lengthErrors(value, asSchema(list))
        if (lengths.length > 0) return { error: new InvalidRequest(lengths) }
        return { error: collect(value.map((one, index) => ({ value: one, path: `/${index}`, check: item }))) }
      }
      return { error: collect([{ value, path: '', check: whole }]) }
    }
  }
}

/** The same schema, up to the first error and up to the last; compiled when the first wrong body comes. */
interface Check {
  readonly first: () => ValidateFunction
  readonly all: () => ValidateFunction
}

/** A body is one item, a list of items, or either. */
const alternatives = (schema: unknown): { readonly single?: unknown; readonly list?: unknown } => {
  const { anyOf, type } = asSchema(schema)
  if (Array.isArray(anyOf) && anyOf.length === 2) return { single: anyOf[0], list: anyOf[1] }
  return type === 'array' ? { list: schema } : { single: schema }
}

/** What is wrong with the length of the list is said without its items. */
const lengthErrors = (
  { length }: readonly unknown[],
  { minItems = 0, maxItems = Infinity }: ListBounds
): ProblemItem[] => {
  if (length < minItems) return [{ code: 'bad-value', path: '', detail: `It must have at least ${minItems} items.` }]
  if (length > maxItems) return [{ code: 'bad-value', path: '', detail: `It must have at most ${maxItems} items.` }]
  return []
}

interface ListBounds {
  readonly minItems?: number
  readonly maxItems?: number
}

const collect = (
  parts: readonly { readonly value: unknown; readonly path: string; readonly check: Check }[]
): InvalidRequest => {
  const errors: ProblemItem[] = []
  let total = 0
  for (const { value, path, check } of parts) {
    const validate = hasMoreValues(value, valuesOfItemMax) ? check.first() : check.all()
    if (validate(value)) continue
    const found = itemsOf(validate, path)
    total += found.length
    for (const one of found) if (errors.length < ERRORS_MAX) errors.push(one)
    if (total >= errorsCountedMax) break
  }
  return new InvalidRequest(errors, total)
}

const invalid = (errors: readonly ProblemItem[], { errors: found }: ValidateFunction): InvalidRequest =>
  new InvalidRequest(errors.slice(0, ERRORS_MAX), found?.length ?? errors.length)

const itemsOf = ({ errors }: ValidateFunction, prefix: string): readonly ProblemItem[] =>
  (errors ?? []).filter(isOfItsOwn).map(error => itemOf(error, prefix))

/** What only repeats others: of alternatives, and that a tag that is missing, which is said, is no text. */
const isOfItsOwn = ({ keyword, params }: ErrorObject): boolean =>
  keyword !== 'oneOf' &&
  keyword !== 'if' &&
  !(keyword === 'discriminator' && params['error'] === 'tag' && params['tagValue'] === undefined)

const itemOf = (
  { instancePath, keyword, params, message = 'is not valid' }: ErrorObject,
  prefix: string
): ProblemItem => {
  const at = `${prefix}${instancePath}`
  switch (keyword) {
    case 'additionalProperties':
      return { code: 'unknown-field', path: child(at, params['additionalProperty']), detail: 'There is no such field.' }
    case 'required':
      return { code: 'missing-field', path: child(at, params['missingProperty']), detail: 'The field is missing.' }
    case 'format':
      return { code: 'bad-format', path: at, detail: sentence(formatDetails[String(params['format'])] ?? message) }
    case 'discriminator': {
      const { error, tag, tagValue } = params
      if (error !== 'mapping') return { code: 'bad-type', path: child(at, tag), detail: 'It must be text.' }
      return { code: 'bad-value', path: child(at, tag), detail: `There is no ${tag} ${String(tagValue).slice(0, 80)}.` }
    }
    case 'enum':
      return { code: 'bad-value', path: at, detail: `It must be one of ${allowed(params['allowedValues'])}.` }
    default:
      return { code: keyword === 'type' ? 'bad-type' : 'bad-value', path: at, detail: sentence(message) }
  }
}

const child = (path: string, name: unknown): string =>
  `${path}/${String(name).slice(0, 80).replaceAll('~', '~0').replaceAll('/', '~1')}`

const allowed = (values: unknown): string => (Array.isArray(values) ? values.map(String).join(', ') : String(values))

const sentence = (message: string): string => `It ${message.replace(/^must NOT/, 'must not')}.`

const hasMoreValues = (value: unknown, most: number): boolean => {
  let count = 0
  const open: unknown[] = [value]
  while (open.length > 0) {
    const one = open.pop()
    if (typeof one !== 'object' || one === null) continue
    for (const inner of Object.values(one)) {
      count++
      if (count > most) return true
      open.push(inner)
    }
  }
  return false
}

const asSchema = (schema: unknown): Readonly<Record<string, unknown>> =>
  typeof schema === 'object' && schema !== null ? { ...schema } : {}
