/**
 * The schema of a body as one compiled function that reads and checks its JSON at the same time, straight from the bytes: a
 * bulk call has megabytes of small numbers under names that are known, for which a general parser and a check after it take
 * five times as long.
 *
 * Promises: a value only if the general parser gives an equal one and the general check (validation.ts) finds nothing wrong
 * with it; a property test holds it. Undefined for anything else, right or wrong: unknown or repeated names, escapes,
 * fractions, text beyond ASCII. The general way then reads it, and finds every error. A schema with a part that is not known
 * here has no such function. The code that is compiled comes from our own schemas, as JSON text, and from nothing else.
 */
import type { NamedSchema } from '../validation.ts'
import { rowsOf } from './compiled-rows.ts'
import * as input from './json-input.ts'

/** The bytes end with a zero, which is not counted in the length. */
export type JsonReader = (bytes: Buffer, length: number) => object | undefined

export type TextFormats = Readonly<Record<string, (text: string) => boolean>>

type Schema = Readonly<Record<string, unknown>>

/** Names of an object: their set is held in the bits of a number. */
const namesMax = 30
/** Lists of numbers that may be so long are made in the size they may have: one that is sent is mostly whole, as a day is. */
const [wholeItemsMin, wholeItemsMax] = [64, 1_024]
const annotations = new Set(['description', 'examples', 'title', '$id', 'default'])
const [brace, endBrace, bracket, endBracket] = [...Buffer.from('{}[]')]

export const compiledJson = (
  schema: unknown,
  named: readonly NamedSchema[],
  formats: TextFormats
): JsonReader | undefined => {
  const components = new Map(named.map(component => [component.$id, asJson(component)]))
  const declarations: string[] = []
  const constants: unknown[] = []
  const names = new Map<Schema, string>()
  let declared = 0

  const constant = (value: unknown): string => `constants[${constants.push(value) - 1}]`

  const declare = (body: string): string => {
    const name = `read${declared++}`
    declarations.push(`const ${name} = () => {\n${body}\n}`)
    return `${name}()`
  }

  const resolved = (of: Schema): Schema => {
    const { $ref } = of
    return (typeof $ref === 'string' ? components.get($ref.replace(/#$/, '')) : undefined) ?? of
  }

  /** An expression that reads a value of a schema; undefined if that cannot be done here. */
  const read = (of: Schema): string | undefined => {
    const { $ref } = of
    if (typeof $ref !== 'string') return readPart(of)
    const component = components.get($ref.replace(/#$/, ''))
    if (!component || !onlyKnown(of, ['$ref'])) return undefined
    const known = names.get(component)
    if (known !== undefined) return known
    const found = readPart(component)
    if (found !== undefined) names.set(component, found)
    return found
  }

  const readPart = (of: Schema): string | undefined => {
    if (Array.isArray(of['allOf']))
      return of['allOf'].length === 1 && onlyKnown(of, ['allOf']) ? read(of['allOf'][0]) : undefined
    if (Array.isArray(of['anyOf'])) return onlyKnown(of, ['anyOf']) ? readEither(of['anyOf']) : undefined
    if (Array.isArray(of['oneOf'])) return readTagged(of, of['oneOf'])
    if (Array.isArray(of['enum'])) return onlyKnown(of, ['enum', 'type']) ? readSymbol(of['enum']) : undefined
    switch (of['type']) {
      case 'object':
        return readObject(of)
      case 'array':
        return readList(of)
      case 'integer':
        return readInteger(of)
      case 'string':
        return readText(of)
      default:
        return undefined
    }
  }

  const readInteger = (of: Schema): string | undefined => {
    const { minimum, maximum } = of
    const isBounded = typeof minimum === 'number' && typeof maximum === 'number'
    return isBounded && onlyKnown(of, ['type', 'minimum', 'maximum']) ? `integer(${minimum}, ${maximum})` : undefined
  }

  const readSymbol = (symbols: readonly unknown[]): string | undefined => {
    const words = symbols.map(quoted)
    if (!words.every(word => word !== undefined)) return undefined
    return `symbolOf(${constant(words)}, ${constant(symbols)})`
  }

  const readText = (of: Schema): string | undefined => {
    if (!onlyKnown(of, ['type', 'const', 'pattern', 'format', 'minLength', 'maxLength'])) return undefined
    const { const: only, pattern, format, minLength, maxLength } = of
    if (only !== undefined) return onlyKnown(of, ['type', 'const']) ? readSymbol([only]) : undefined
    const tests: string[] = []
    // Of ASCII a character is a code unit.
    if (typeof minLength === 'number') tests.push(`value.length >= ${minLength}`)
    if (typeof maxLength === 'number') tests.push(`value.length <= ${maxLength}`)
    if (typeof pattern === 'string') tests.push(`${constant(new RegExp(pattern, 'u'))}.test(value)`)
    if (typeof format === 'string') {
      const check = formats[format]
      if (!check) return undefined
      tests.push(`${constant(check)}(value)`)
    }
    if (tests.length === 0) return 'text()'
    return declare(`  const value = text()\n  return ${tests.join(' && ')} ? value : leave()`)
  }

  const readList = (of: Schema): string | undefined => {
    const { items, minItems = 0, maxItems = Number.MAX_SAFE_INTEGER } = of
    if (!onlyKnown(of, ['type', 'items', 'minItems', 'maxItems']) || !isSchema(items)) return undefined
    if (typeof minItems !== 'number' || typeof maxItems !== 'number') return undefined
    const item = read(items)
    if (item === undefined) return undefined
    const rows = rowsOf(resolved(items), maxItems)
    // A list that grows takes three times its memory.
    const isMadeWhole = rows !== undefined && maxItems >= wholeItemsMin && maxItems <= wholeItemsMax
    return declare(
      [
        `  expect(${bracket})`,
        `  if (takes(${endBracket})) return ${minItems > 0 ? 'leave()' : '[]'}`,
        `  const items = ${isMadeWhole ? `new Array(${maxItems})` : '[]'}`,
        '  let count = 0',
        '  do {',
        `    if (count >= ${maxItems}) leave()`,
        ...(rows ?? []),
        `    items[count++] = ${item}`,
        `  } while (goesOn(${endBracket}))`,
        ...(isMadeWhole ? [`  if (count < ${maxItems}) items.length = count`] : []),
        `  return ${minItems > 0 ? `count >= ${minItems} ? items : leave()` : 'items'}`
      ].join('\n')
    )
  }

  const readObject = (of: Schema): string | undefined => {
    const { properties, required = [], additionalProperties } = of
    if (!onlyKnown(of, ['type', 'properties', 'required', 'additionalProperties'])) return undefined
    if (additionalProperties !== false || !isSchema(properties) || !Array.isArray(required)) return undefined
    const fields = Object.entries(properties)
    const words = fields.map(([name]) => quoted(name))
    const values = fields.map(([, field]) => (isSchema(field) ? read(field) : undefined))
    const isNamed = required.every(name => Object.hasOwn(properties, name))
    if (fields.length > namesMax || !isNamed || ![...words, ...values].every(part => part !== undefined))
      return undefined
    const isNeeded = fields.map(([name]) => required.includes(name))
    const all = isNeeded.reduce((bits, needed, n) => (needed ? bits | (1 << n) : bits), 0)
    const text = fields.map(([name]) => JSON.stringify(name))
    const always = text.flatMap((name, n) => (isNeeded[n] ? [`${name}: field${n}`] : []))
    const perhaps = text.flatMap((name, n) =>
      isNeeded[n] ? [] : [`  if (seen & ${1 << n}) value[${name}] = field${n}`]
    )
    return declare(
      [
        `  expect(${brace})`,
        `  let ${['seen = 0', 'likely = 0', ...fields.map((_, n) => `field${n}`)].join(', ')}`,
        `  if (!takes(${endBrace}))`,
        '    do {',
        `      const n = nameOf(${constant(words)}, likely)`,
        '      if (seen & (1 << n)) leave()',
        '      seen |= 1 << n',
        '      likely = n + 1',
        '      switch (n) {',
        ...values.map((value, n) => `        case ${n}: field${n} = ${value}; break`),
        '      }',
        `    } while (goesOn(${endBrace}))`,
        `  if ((seen & ${all}) !== ${all}) leave()`,
        `  const value = { ${always.join(', ')} }`,
        ...perhaps,
        '  return value'
      ].join('\n')
    )
  }

  /** Something or null; an item or a list of items. */
  const readEither = (of: readonly unknown[]): string | undefined => {
    const [first, second] = of
    if (of.length !== 2 || !isSchema(first) || !isSchema(second)) return undefined
    const [one, other] = [read(first), second['type'] === 'null' ? 'null' : read(second)]
    if (one === undefined || other === undefined || first['type'] === 'array') return undefined
    if (second['type'] === 'null') return `(takesNull() ? null : ${one})`
    // Both begin with a bracket or a brace: what does not is left elsewhere by the other.
    return second['type'] === 'array' ? `(isList() ? ${other} : ${one})` : undefined
  }

  const readTagged = (of: Schema, alternatives: readonly unknown[]): string | undefined => {
    const { discriminator, required, type } = of
    if (!onlyKnown(of, ['type', 'required', 'discriminator', 'oneOf']) || type !== 'object') return undefined
    const tag = isSchema(discriminator) ? discriminator['propertyName'] : undefined
    if (typeof tag !== 'string' || !Array.isArray(required) || required.some(name => name !== tag)) return undefined
    const branches = alternatives.map(one => (isSchema(one) ? read(one) : undefined))
    const tags = alternatives.map(one => quoted(tagOf(one, tag)))
    if (![quoted(tag), ...branches, ...tags].every(part => part !== undefined)) return undefined
    return declare(
      [
        `  switch (branchOf(${constant([quoted(tag)])}, ${constant(tags)})) {`,
        ...branches.map((branch, n) => `    case ${n}: return ${branch}`),
        '  }'
      ].join('\n')
    )
  }

  const tagOf = (of: unknown, tag: string): unknown => {
    const ref = isSchema(of) ? of['$ref'] : undefined
    const target = typeof ref === 'string' ? components.get(ref.replace(/#$/, '')) : of
    const properties = isSchema(target) ? target['properties'] : undefined
    const field = isSchema(properties) ? properties[tag] : undefined
    return isSchema(field) ? field['const'] : undefined
  }

  const whole = read(asJson(schema))
  if (whole === undefined) return undefined
  const code = `${declarations.join('\n')}\nreturn () => ${whole}`
  const compile = new Function('constants', ...Object.keys(input), code)
  const readWhole: unknown = compile(constants, ...Object.values(input))
  if (!isReader(readWhole)) throw new Error('no reader came of a schema')
  return (bytes, length) => {
    try {
      input.beginJson(bytes)
      const value = readWhole()
      return input.endJson() === length ? value : undefined
    } catch (error) {
      if (error === input.elsewhere) return undefined
      throw error
    }
  }
}

const isReader = (compiled: unknown): compiled is () => object => typeof compiled === 'function'

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const asJson = (schema: unknown): Schema => JSON.parse(JSON.stringify(schema)) as Schema

const onlyKnown = (of: Schema, keywords: readonly string[]): boolean =>
  Object.keys(of).every(keyword => keywords.includes(keyword) || annotations.has(keyword))

/** A word as it stands in JSON; undefined if it can stand there in another way. */
const quoted = (word: unknown): Uint8Array | undefined =>
  typeof word === 'string' && /^[A-Za-z0-9_.-]+$/.test(word) ? Buffer.from(`"${word}"`) : undefined
