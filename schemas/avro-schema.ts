/**
 * The part of Avro that messages may use, as types: records, enums, arrays, unions, and the primitives below. No maps, no
 * bytes, no floats of 32 bits and no recursion: every message stays a finite tree that reads the same in JSON.
 */
export type AvroPrimitive = 'null' | 'boolean' | 'int' | 'long' | 'double' | 'string'

export interface AvroLogical {
  readonly type: 'long'
  readonly logicalType: 'timestamp-millis'
}

export interface AvroField {
  readonly name: string
  readonly type: AvroType
  readonly doc: string
  readonly default?: unknown
}

export interface AvroRecord {
  readonly type: 'record'
  readonly name: string
  readonly namespace: string
  readonly doc: string
  readonly fields: readonly AvroField[]
}

export interface AvroEnum {
  readonly type: 'enum'
  readonly name: string
  readonly namespace: string
  readonly doc: string
  readonly symbols: readonly string[]
  readonly default?: string
}

export interface AvroArray {
  readonly type: 'array'
  readonly items: AvroType
}

/** A string that is no primitive refers to a record or enum defined earlier in the same file, by full name. */
export type AvroType = AvroPrimitive | AvroLogical | AvroRecord | AvroEnum | AvroArray | readonly AvroType[] | string

const primitives: ReadonlySet<string> = new Set<AvroPrimitive>(['null', 'boolean', 'int', 'long', 'double', 'string'])

export const isPrimitive = (type: AvroType): type is AvroPrimitive => typeof type === 'string' && primitives.has(type)
export const isUnion = (type: AvroType): type is readonly AvroType[] => Array.isArray(type)

export const fullNameOf = (named: { readonly namespace: string; readonly name: string }): string =>
  `${named.namespace}.${named.name}`

/** Every record and enum of a schema by full name, in the order of definition, the schema itself first. */
export const definitionsOf = (schema: AvroRecord): ReadonlyMap<string, AvroRecord | AvroEnum> => {
  const found = new Map<string, AvroRecord | AvroEnum>()
  const visit = (type: AvroType): void => {
    if (typeof type === 'string') {
      if (!isPrimitive(type) && !found.has(type))
        throw new Error(`${fullNameOf(schema)}: ${type} is used before it is defined`)
      return
    }
    if (isUnion(type)) {
      for (const branch of type) visit(branch)
      return
    }
    if (type.type === 'array') visit(type.items)
    if (type.type !== 'record' && type.type !== 'enum') return
    const name = fullNameOf(type)
    if (found.has(name)) throw new Error(`${fullNameOf(schema)}: ${name} is defined twice`)
    found.set(name, type)
    if (type.type === 'record') for (const field of type.fields) visit(field.type)
  }
  visit(schema)
  return found
}

const fail = (where: string, what: string): never => {
  throw new Error(`${where}: ${what}`)
}

const text = (value: unknown, where: string): string =>
  typeof value === 'string' && value !== '' ? value : fail(where, 'a non-empty string is missing')

const object = (value: unknown, where: string): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : fail(where, 'an object is missing')

const list = (value: unknown, where: string): readonly unknown[] =>
  Array.isArray(value) ? value : fail(where, 'a list is missing')

const onlyKeys = (value: Record<string, unknown>, allowed: readonly string[], where: string): void => {
  for (const key of Object.keys(value)) if (!allowed.includes(key)) fail(where, `"${key}" is not supported`)
}

const parseType = (value: unknown, where: string): AvroType => {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) {
    const branches = value.map((branch, i) => parseType(branch, `${where}[${i}]`))
    if (branches.length !== 2 || branches[0] !== 'null')
      fail(where, 'a union is ["null", T]: anything else reads differently in JSON')
    return branches
  }
  const node = object(value, where)
  switch (node.type) {
    case 'record':
      return parseRecord(node, where)
    case 'enum': {
      onlyKeys(node, ['type', 'name', 'namespace', 'doc', 'symbols', 'default'], where)
      const symbols = list(node.symbols, `${where}.symbols`).map(symbol => text(symbol, `${where}.symbols`))
      if (new Set(symbols).size !== symbols.length) fail(where, 'a symbol is there twice')
      const fallback = node.default
      if (fallback !== undefined && !symbols.includes(String(fallback))) fail(where, 'the default is no symbol')
      return {
        type: 'enum',
        name: text(node.name, `${where}.name`),
        namespace: text(node.namespace, `${where}.namespace`),
        doc: text(node.doc, `${where}.doc`),
        symbols,
        ...(fallback === undefined ? {} : { default: String(fallback) })
      }
    }
    case 'array':
      onlyKeys(node, ['type', 'items'], where)
      return { type: 'array', items: parseType(node.items, `${where}[]`) }
    case 'long':
      onlyKeys(node, ['type', 'logicalType'], where)
      if (node.logicalType !== 'timestamp-millis') fail(where, 'the only logical type is timestamp-millis')
      return { type: 'long', logicalType: 'timestamp-millis' }
    default:
      return fail(where, `type ${JSON.stringify(node.type)} is not supported`)
  }
}

const parseRecord = (node: Record<string, unknown>, where: string): AvroRecord => {
  onlyKeys(node, ['type', 'name', 'namespace', 'doc', 'fields'], where)
  const fields = list(node.fields, `${where}.fields`).map((entry, i): AvroField => {
    const field = object(entry, `${where}.fields[${i}]`)
    const name = text(field.name, `${where}.fields[${i}].name`)
    const path = `${where}.${name}`
    onlyKeys(field, ['name', 'type', 'doc', 'default'], path)
    return {
      name,
      type: parseType(field.type, path),
      doc: text(field.doc, `${path}.doc`),
      ...('default' in field ? { default: field.default } : {})
    }
  })
  if (new Set(fields.map(field => field.name)).size !== fields.length) fail(where, 'a field is there twice')
  return {
    type: 'record',
    name: text(node.name, `${where}.name`),
    namespace: text(node.namespace, `${where}.namespace`),
    doc: text(node.doc, `${where}.doc`),
    fields
  }
}

/** Checks that a schema keeps to the part above; every record, enum and field needs a doc. */
export const parseSchema = (json: string, where: string): AvroRecord => {
  const value: unknown = JSON.parse(json)
  const schema = parseRecord(object(value, where), where)
  definitionsOf(schema)
  return schema
}

const stripped = (type: AvroType): unknown => {
  if (typeof type === 'string') return type
  if (isUnion(type)) return type.map(stripped)
  switch (type.type) {
    case 'record':
      return {
        ...type,
        doc: undefined,
        fields: type.fields.map(field => ({ ...field, doc: undefined, type: stripped(field.type) }))
      }
    case 'enum':
      return { ...type, doc: undefined }
    case 'array':
      return { type: 'array', items: stripped(type.items) }
    case 'long':
      return type
  }
}

/** What decides how bytes are read: the schema without its docs. Equal text, equal bytes. */
export const shapeOf = (schema: AvroType): string => JSON.stringify(stripped(schema))
