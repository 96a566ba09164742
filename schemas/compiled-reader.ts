/**
 * A schema as one compiled function that reads a message of it: what avsc does by walking its types, several times faster.
 * Messages of other versions go through avsc and its resolvers (codec.ts).
 *
 * Promises: plain objects with their fields in the order of the schema, `type` first. The code that is compiled comes from the
 * names and symbols of our own schema files, as JSON text, and from nothing else.
 */
import { type AvroRecord, type AvroType, definitionsOf, isPrimitive, isUnion } from './avro-schema.ts'
import { block, boolean, double, int, isPresent, long, symbol, text } from './wire-input.ts'

/** Reads where `beginInput` began. */
export type CompiledReader = () => object

const primitives = { block, boolean, double, int, isPresent, long, symbol, text }

const ofPrimitive = {
  null: 'null',
  boolean: 'boolean()',
  int: 'int()',
  long: 'long()',
  double: 'double()',
  string: 'text()'
}

/** `tag` is the `type` of the message, which is not among its bytes. */
export const compiledReader = (schema: AvroRecord, tag: string): CompiledReader => {
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
  const recordBody = ({ fields }: AvroRecord, first: readonly string[]): string =>
    `() => ({ ${[...first, ...fields.map(({ name, type }) => `${JSON.stringify(name)}: ${read(type)}`)].join(', ')} })`

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
