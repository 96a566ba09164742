/**
 * A schema as one compiled function that reads a message of it: what avsc does by walking its types, several times faster.
 * Messages of other versions go through avsc and its resolvers (codec.ts).
 *
 * Promises: plain objects with their fields in the order of the schema, `type` first. The code that is compiled comes from the
 * names and symbols of our own schema files, as JSON text, and from nothing else.
 */
import { type AvroRecord, type AvroType, definitionsOf, isPrimitive, isUnion } from './avro-schema.ts'
import {
  block,
  boolean,
  double,
  int,
  isPresent,
  long,
  passBytes,
  passText,
  passWholes,
  symbol,
  text
} from './wire-input.ts'

/** Reads where `beginInput` began. */
export type CompiledReader = () => object

const primitives = { block, boolean, double, int, isPresent, long, passBytes, passText, passWholes, symbol, text }

const ofPrimitive = {
  null: 'null',
  boolean: 'boolean()',
  int: 'int()',
  long: 'long()',
  double: 'double()',
  string: 'text()'
}

const passingOfPrimitive = {
  null: '',
  boolean: 'passBytes(1)',
  int: 'passWholes(1)',
  long: 'passWholes(1)',
  double: 'passBytes(8)',
  string: 'passText()'
}

const nothing: ReadonlySet<string> = new Set()

/** `tag` is the `type` of the message, which is not among its bytes; `leftOut` are names of fields that are passed over. */
export const compiledReader = (schema: AvroRecord, tag: string, leftOut = nothing): CompiledReader => {
  const definitions = definitionsOf(schema)
  const declarations: string[] = []
  const names = new Map<AvroType, string>()

  /** The name of what is declared for a type, once. */
  const nameOf = (type: AvroType, declaration: () => string): string => {
    const known = names.get(type)
    if (known !== undefined) return known
    const name = `read${names.size}`
    names.set(type, name)
    declarations.push(`const ${name} = ${declaration()}`)
    return name
  }

  // The fields of an object literal are evaluated in their order.
  const recordBody = ({ fields }: AvroRecord, first: readonly string[]): string => {
    if (fields.some(({ name }) => leftOut.has(name))) return outlineBody(fields, first)
    return `() => ({ ${[...first, ...fields.map(({ name, type }) => `${JSON.stringify(name)}: ${read(type)}`)].join(', ')} })`
  }

  const outlineBody = (fields: AvroRecord['fields'], first: readonly string[]): string => {
    const kept = fields.flatMap(({ name }, n) => (leftOut.has(name) ? [] : [`${JSON.stringify(name)}: field${n}`]))
    return [
      '() => {',
      ...fields.map(({ name, type }, n) =>
        leftOut.has(name) ? `  ${pass(type)}` : `  const field${n} = ${read(type)}`
      ),
      `  return { ${[...first, ...kept].join(', ')} }`,
      '}'
    ].join('\n')
  }

  /** A statement that passes over a value. */
  const pass = (type: AvroType): string => {
    if (isPrimitive(type)) return passingOfPrimitive[type]
    if (typeof type === 'string') return pass(definitions.get(type)!)
    if (isUnion(type)) return `if (isPresent()) { ${pass(type[1]!)} }`
    switch (type.type) {
      case 'record':
        return type.fields.map(field => pass(field.type)).join('; ')
      case 'enum':
      case 'long':
        return passingOfPrimitive.long
      case 'array': {
        const wholes = wholesOf(type.items)
        const items = wholes > 0 ? `passWholes(size * ${wholes})` : `while (size-- > 0) { ${pass(type.items)} }`
        return `for (let size; (size = block()) > 0; ) ${items}`
      }
    }
  }

  /** How many numbers an item has that is made of nothing else, `double` not among them; 0 for any other. */
  const wholesOf = (type: AvroType): number => {
    if (isPrimitive(type)) return type === 'int' || type === 'long' ? 1 : 0
    if (typeof type === 'string') return wholesOf(definitions.get(type)!)
    if (isUnion(type)) return 0
    switch (type.type) {
      case 'record': {
        const each = type.fields.map(field => wholesOf(field.type))
        return each.includes(0) ? 0 : each.reduce((sum, wholes) => sum + wholes, 0)
      }
      case 'enum':
      case 'long':
        return 1
      case 'array':
        return 0
    }
  }

  // Nearly every list is one block. Made in its size, it does not grow item by item, which takes twice the memory; a size that
  // is claimed is not above the bytes that are left.
  const arrayBody = (items: AvroType): string =>
    [
      '() => {',
      '  let size = block()',
      '  if (size === 0) return []',
      '  const items = new Array(size)',
      `  for (let n = 0; n < size; n++) items[n] = ${read(items)}`,
      `  while ((size = block()) > 0) while (size-- > 0) items.push(${read(items)})`,
      '  return items',
      '}'
    ].join('\n')

  /** An expression that reads a value. */
  const read = (type: AvroType): string => {
    if (isPrimitive(type)) return ofPrimitive[type]
    if (typeof type === 'string') return read(definitions.get(type)!)
    if (isUnion(type)) return `(isPresent() ? ${read(type[1]!)} : null)`
    switch (type.type) {
      case 'record':
        return `${nameOf(type, () => recordBody(type, []))}()`
      case 'enum':
        return `symbol(${nameOf(type, () => JSON.stringify(type.symbols))})`
      case 'long':
        return ofPrimitive.long
      case 'array':
        return `${nameOf(type, () => arrayBody(type.items))}()`
    }
  }

  const whole = nameOf(schema, () => recordBody(schema, [`type: ${JSON.stringify(tag)}`]))
  const compile = new Function(...Object.keys(primitives), `${declarations.join('\n')}\nreturn ${whole}`)
  const compiled: unknown = compile(...Object.values(primitives))
  if (!isReader(compiled)) throw new Error(`no reader came of ${schema.name}`)
  return compiled
}

const isReader = (compiled: unknown): compiled is CompiledReader => typeof compiled === 'function'
