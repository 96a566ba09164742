/**
 * May one version of a schema follow another? FULL_TRANSITIVE: every version reads what every other one wrote, because
 * history is replayed from offset 0 for ever and an older instance may still read while a newer one writes.
 *
 * Stricter than Avro's resolution: no promotion (an int that becomes a long comes back changed in an old reader), no change of
 * a logical type or of a union, no new default for an existing field, and no change of the unit that a field's doc begins
 * with or names. `node schemas/compatibility.ts` checks the versions in history/ and what is written today.
 */
import {
  type AvroEnum,
  type AvroField,
  type AvroRecord,
  type AvroType,
  definitionsOf,
  fullNameOf,
  isPrimitive,
  isUnion
} from './avro-schema.ts'
import { avroTypeOf } from './avro-types.ts'
import { readCurrentSchemas, readFrozenSchema, readSchemaIds } from './schema-files.ts'

type Definitions = ReadonlyMap<string, AvroRecord | AvroEnum>

/** Why `earlier` and `later` cannot both stand on one log; empty if they can. The order of the two does not matter. */
export const incompatibilities = (earlier: AvroRecord, later: AvroRecord): readonly string[] => {
  const problems = compareTypes(earlier, later, '', definitionsOf(earlier), definitionsOf(later))
  // The library that reads the bytes has the last word, in both directions.
  for (const [reader, writer, direction] of [
    [later, earlier, 'the later version cannot read the earlier one'],
    [earlier, later, 'the earlier version cannot read the later one']
  ] as const)
    try {
      avroTypeOf(reader).createResolver(avroTypeOf(writer))
    } catch (error) {
      problems.push(`${direction}: ${error instanceof Error ? error.message : String(error)}`)
    }
  return problems
}

const resolved = (type: AvroType, definitions: Definitions): AvroType =>
  typeof type === 'string' && !isPrimitive(type) ? (definitions.get(type) ?? type) : type

const kindOf = (type: AvroType): string => {
  if (typeof type === 'string') return type
  if (isUnion(type))
    return `union of ${type.map(branch => (typeof branch === 'string' ? branch : kindOf(branch))).join(', ')}`
  if (type.type === 'long') return type.logicalType
  return type.type === 'array' ? 'array' : `${type.type} ${fullNameOf(type)}`
}

const compareTypes = (a: AvroType, b: AvroType, path: string, inA: Definitions, inB: Definitions): string[] => {
  const from = resolved(a, inA)
  const to = resolved(b, inB)
  const where = path === '' ? 'the message' : path
  if (isUnion(from) && isUnion(to))
    return from.length === to.length
      ? from.flatMap((branch, i) => compareTypes(branch, to[i]!, path, inA, inB))
      : [`${where}: ${kindOf(from)} became ${kindOf(to)}`]
  if (kindOf(from) !== kindOf(to)) return [`${where}: ${kindOf(from)} became ${kindOf(to)}`]
  if (typeof from === 'string' || typeof to === 'string' || isUnion(from) || isUnion(to)) return []
  if (from.type === 'array' && to.type === 'array') return compareTypes(from.items, to.items, `${path}[]`, inA, inB)
  if (from.type === 'enum' && to.type === 'enum') return compareEnums(from, to, where)
  if (from.type === 'record' && to.type === 'record') return compareRecords(from, to, path, inA, inB)
  return []
}

const compareEnums = (from: AvroEnum, to: AvroEnum, where: string): string[] => {
  const problems: string[] = []
  for (const symbol of from.symbols)
    if (!to.symbols.includes(symbol) && to.default === undefined)
      problems.push(`${where}: symbol ${symbol} was removed or renamed and the later enum has no default`)
  for (const symbol of to.symbols)
    if (!from.symbols.includes(symbol) && from.default === undefined)
      problems.push(`${where}: symbol ${symbol} was added and the earlier enum has no default to read it as`)
  if (from.default !== to.default) problems.push(`${where}: the default of the enum changed`)
  return problems
}

const compareRecords = (
  from: AvroRecord,
  to: AvroRecord,
  path: string,
  inA: Definitions,
  inB: Definitions
): string[] => {
  const problems: string[] = []
  const later = new Map(to.fields.map(field => [field.name, field]))
  const earlier = new Set(from.fields.map(field => field.name))
  for (const field of from.fields) {
    const successor = later.get(field.name)
    const where = `${path}/${field.name}`
    if (successor !== undefined) problems.push(...compareFields(field, successor, where, inA, inB))
    else if (!('default' in field)) problems.push(`${where}: was removed and had no default`)
  }
  for (const field of to.fields)
    if (!earlier.has(field.name) && !('default' in field))
      problems.push(`${path}/${field.name}: was added without a default`)
  return problems
}

const compareFields = (from: AvroField, to: AvroField, where: string, inA: Definitions, inB: Definitions): string[] => {
  const problems = compareTypes(from.type, to.type, where, inA, inB)
  if (JSON.stringify(from.default) !== JSON.stringify(to.default))
    problems.push(`${where}: the default went from ${JSON.stringify(from.default)} to ${JSON.stringify(to.default)}`)
  const unitBefore = unitsIn(from.doc)
  const unitAfter = unitsIn(to.doc)
  if (unitBefore !== unitAfter)
    problems.push(
      `${where}: the unit went from ${unitBefore || 'none'} to ${unitAfter || 'none'}; a new unit is a new field`
    )
  return problems
}

/** Longest first, so that "W·MTU" is not read as "W". */
const unitPattern =
  /µ€ per kWh or kvarh|µ€ per kWh|ticks of 1\/4000 µ€|W·MTU|kWh|Wh|MWh|kvarh|kW|MW|kvar|W or var|µ€|€|ms|seconds|minutes|MTUs?|W|var|%|p\.u\./gu

/** The units that a doc names, in order of mention: how a reader knows what a number means. */
export const unitsIn = (doc: string): string => {
  const units: string[] = []
  for (const match of doc.matchAll(unitPattern)) {
    const before = doc[match.index - 1] ?? ' '
    const after = doc[match.index + match[0].length] ?? ' '
    if (!/[\p{L}\d_-]/u.test(before) && !/[\p{L}\d_-]/u.test(after)) units.push(match[0].replace(/^MTUs$/, 'MTU'))
  }
  return [...new Set(units)].join(', ')
}

/** Every pair of versions of every message, what is written today included. */
export const historyProblems = (): readonly string[] => {
  const versions = [
    ...readSchemaIds().map(version => ({
      name: version.name,
      label: `version ${version.version}`,
      schema: readFrozenSchema(version)
    })),
    ...readCurrentSchemas().map(({ fullName, schema }) => ({ name: fullName, label: 'what is written today', schema }))
  ]
  const problems: string[] = []
  for (const [name, ofOne] of Map.groupBy(versions, version => version.name))
    for (const [i, earlier] of ofOne.entries())
      for (const later of ofOne.slice(i + 1))
        for (const problem of incompatibilities(earlier.schema, later.schema))
          problems.push(`${name}, ${later.label} against ${earlier.label}: ${problem}`)
  return problems
}

if (import.meta.main) {
  const problems = historyProblems()
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  process.stderr.write(
    problems.length === 0 ? 'Every version reads every other one.\n' : `${problems.length} incompatibilities\n`
  )
  process.exitCode = problems.length === 0 ? 0 : 1
}
