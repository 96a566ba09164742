/**
 * The checks of strict-value.ts as one compiled function of a schema that says yes or no, several times faster than the walk
 * that finds out what is wrong: a document with a baseline has 600 values, and is checked as a command and as an event.
 *
 * Promises: true exactly when the walk finds nothing (a property test holds it). The code that is compiled comes from the
 * names and symbols of our own schema files, as JSON text, and from nothing else.
 */
import { type AvroRecord, type AvroType, definitionsOf, isPrimitive, isUnion } from './avro-schema.ts'
import { LONG_BOUND } from './avro-types.ts'

const ofPrimitive = {
  null: (value: string) => `${value} === null`,
  boolean: (value: string) => `typeof ${value} === 'boolean'`,
  int: (value: string) => `typeof ${value} === 'number' && ${value} === (${value} | 0)`,
  long: (value: string) => `Number.isInteger(${value}) && ${value} < ${LONG_BOUND} && ${value} > -${LONG_BOUND}`,
  double: (value: string) => `Number.isFinite(${value})`,
  string: (value: string) => `typeof ${value} === 'string' && ${value}.isWellFormed()`
}

/** `type` beside the fields of the message is allowed, as in the walk. */
export const compiledCheck = (schema: AvroRecord): ((value: unknown) => boolean) => {
  const definitions = definitionsOf(schema)
  const functions: string[] = []
  const names = new Map<AvroType, string>()

  /** The name of the function that checks a type; each is written once. */
  const functionOf = (type: AvroType, body: () => string): string => {
    const known = names.get(type)
    if (known !== undefined) return known
    const name = `check${names.size}`
    names.set(type, name)
    functions.push(`const ${name} = value => {\n${body()}\n}`)
    return name
  }

  const recordBody = ({ fields }: AvroRecord, tags: readonly string[]): string => {
    const known = new Set([...fields.map(({ name }) => name), ...tags])
    const tests = fields.map(({ name, type }, n) => {
      const field = `field${n}`
      return `  const ${field} = value[${JSON.stringify(name)}]\n  if (!(${test(type, field)})) return false`
    })
    const isKnown = [...known].map(name => `key === ${JSON.stringify(name)}`).join(' || ')
    return [
      "  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false",
      ...tests,
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
      '  for (let n = 0; n < value.length; n++) {',
      '    const item = value[n]',
      `    if (!(${test(items, 'item')})) return false`,
      '  }',
      '  return true'
    ].join('\n')

  const test = (type: AvroType, value: string): string => {
    if (isPrimitive(type)) return ofPrimitive[type](value)
    if (typeof type === 'string') return test(definitions.get(type)!, value)
    if (isUnion(type)) return `${value} === null || (${test(type[1]!, value)})`
    switch (type.type) {
      case 'record':
        return `${functionOf(type, () => recordBody(type, []))}(${value})`
      case 'enum':
        return type.symbols.map(symbol => `${value} === ${JSON.stringify(symbol)}`).join(' || ')
      case 'long':
        return ofPrimitive.long(value)
      case 'array':
        return `${functionOf(type, () => arrayBody(type.items))}(${value})`
    }
  }

  const whole = functionOf(schema, () => recordBody(schema, ['type']))
  const compiled: unknown = new Function(`${functions.join('\n')}\nreturn ${whole}`)()
  if (!isCheck(compiled)) throw new Error(`no check came of ${schema.name}`)
  return compiled
}

const isCheck = (compiled: unknown): compiled is (value: unknown) => boolean => typeof compiled === 'function'
