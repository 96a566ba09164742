/**
 * A schema as one compiled function that checks a message as strict-value.ts does and writes it at the same time: a document
 * with a baseline has 600 values, each is looked at once, and a bulk call has thousands of documents.
 *
 * Promises: true exactly when the walk of strict-value.ts finds nothing, and then the bytes of any other Avro writer (property
 * tests hold both). The code that is compiled comes from the names and symbols of our own schema files, as JSON text, and
 * from nothing else.
 */
import { type AvroRecord, type AvroType, definitionsOf, isPrimitive, isUnion } from './avro-schema.ts'
import { boolean, written as bytes, count, double, int, long, text } from './wire-output.ts'
import { takeWrittenLists } from './written-lists.ts'

/** Writes where `beginOutput` began. False: it does not fit, and what was written so far is worth nothing. */
export type CompiledWriter = (message: unknown) => boolean

const isList = (type: AvroType): boolean => typeof type === 'object' && 'type' in type && type.type === 'array'

const primitives = { boolean, count, double, int, long, text, bytes, takeWrittenLists }

const ofPrimitive = {
  null: (value: string) => `${value} === null`,
  boolean: (value: string) => `boolean(${value})`,
  int: (value: string) => `int(${value})`,
  long: (value: string) => `long(${value})`,
  double: (value: string) => `double(${value})`,
  string: (value: string) => `text(${value})`
}

/** `type` beside the fields of the message is allowed, as in the walk. */
export const compiledWriter = (schema: AvroRecord): CompiledWriter => {
  const definitions = definitionsOf(schema)
  const functions: string[] = []
  const names = new Map<AvroType, string>()

  /** The name of the function that writes a type; each stands there once. */
  const functionOf = (type: AvroType, body: () => string): string => {
    const known = names.get(type)
    if (known !== undefined) return known
    const name = `write${names.size}`
    names.set(type, name)
    functions.push(`const ${name} = value => {\n${body()}\n}`)
    return name
  }

  const recordBody = ({ fields }: AvroRecord, tags: readonly string[], isMessage: boolean): string => {
    const known = new Set([...fields.map(({ name }) => name), ...tags])
    const hasLists = isMessage && fields.some(({ type }) => isList(type))
    const writes = fields.map(({ name, type }, n) => {
      const field = `field${n}`
      const here = `  const ${field} = value[${JSON.stringify(name)}]\n  if (!(${written(type, field)})) return false`
      if (!hasLists || !isList(type)) return here
      const key = JSON.stringify(name)
      return `  if (lists !== undefined && lists.has(${key})) bytes(lists.get(${key}))\n  else {\n${here}\n  }`
    })
    if (hasLists) writes.unshift('  const lists = takeWrittenLists(value)')
    const isKnown = [...known].map(name => `key === ${JSON.stringify(name)}`).join(' || ')
    return [
      "  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false",
      ...writes,
      // All fields are there, so only one too many can be unknown.
      '  let keys = 0',
      '  for (const _ in value) keys++',
      `  if (keys > ${fields.length}) for (const key in value) if (!(${isKnown || 'false'})) return false`,
      '  return true'
    ].join('\n')
  }

  const arrayBody = (items: AvroType): string =>
    [
      '  if (!Array.isArray(value)) return false',
      '  const { length } = value',
      '  if (length > 0) count(length)',
      '  for (let n = 0; n < length; n++) {',
      '    const item = value[n]',
      `    if (!(${written(items, 'item')})) return false`,
      '  }',
      '  count(0)',
      '  return true'
    ].join('\n')

  const enumBody = (symbols: readonly string[]): string => {
    const cases = symbols.map((symbol, n) => `    case ${JSON.stringify(symbol)}: count(${n}); return true`)
    return ['  switch (value) {', ...cases, '  }', '  return false'].join('\n')
  }

  const unionBody = (type: AvroType): string =>
    [
      '  if (value === null) {',
      '    count(0)',
      '    return true',
      '  }',
      '  count(1)',
      `  return ${written(type, 'value')}`
    ].join('\n')

  /** An expression that writes what a variable holds, and says whether it fits. */
  const written = (type: AvroType, variable: string): string => {
    if (isPrimitive(type)) return ofPrimitive[type](variable)
    if (typeof type === 'string') return written(definitions.get(type)!, variable)
    if (isUnion(type)) return `${functionOf(type, () => unionBody(type[1]!))}(${variable})`
    switch (type.type) {
      case 'record':
        return `${functionOf(type, () => recordBody(type, [], false))}(${variable})`
      case 'enum':
        return `${functionOf(type, () => enumBody(type.symbols))}(${variable})`
      case 'long':
        return ofPrimitive.long(variable)
      case 'array':
        return `${functionOf(type, () => arrayBody(type.items))}(${variable})`
    }
  }

  const whole = functionOf(schema, () => recordBody(schema, ['type'], true))
  const compile = new Function(...Object.keys(primitives), `${functions.join('\n')}\nreturn ${whole}`)
  const compiled: unknown = compile(...Object.values(primitives))
  if (!isWriter(compiled)) throw new Error(`no writer came of ${schema.name}`)
  return compiled
}

const isWriter = (compiled: unknown): compiled is CompiledWriter => typeof compiled === 'function'
