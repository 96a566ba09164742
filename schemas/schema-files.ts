/**
 * The schema files: `avro/<folder>/<Message>.avsc` is what is written today; `history/<full name>.v<n>.avsc` is a frozen copy
 * of every version that may stand on a log, with its id in `ids.json`. A frozen copy never changes and an id is never given
 * out again, because history is replayed from offset 0 for ever.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { type AvroRecord, fullNameOf, parseSchema } from './avro-schema.ts'

const at = (path: string): URL => new URL(path, import.meta.url)

/** The folder is the topic, or `flex.runtime` for what the runtime itself writes to several topics. */
export const folders = [
  'flex.grid.commands',
  'flex.grid.events',
  'flex.market.commands',
  'flex.market.events',
  'flex.registry.commands',
  'flex.registry.events',
  'flex.runtime'
] as const
export type SchemaFolder = (typeof folders)[number]

export interface CurrentSchema {
  readonly folder: SchemaFolder
  readonly fullName: string
  readonly schema: AvroRecord
  /** The file as it is. */
  readonly text: string
}

/** What is written today, by folder, then by name. */
export const readCurrentSchemas = (): readonly CurrentSchema[] => {
  const strangers = readdirSync(at('avro/')).filter(name => !folders.some(folder => folder === name))
  if (strangers.length > 0) throw new Error(`schemas/avro: unknown folders ${strangers.join(', ')}`)
  const found = folders.flatMap(folder =>
    readdirSync(at(`avro/${folder}/`))
      .sort()
      .map((file): CurrentSchema => {
        const path = `avro/${folder}/${file}`
        const text = readFileSync(at(path), 'utf8')
        const schema = parseSchema(text, path)
        const namespace = folder.split('.').slice(0, 2).join('.')
        if (`${schema.name}.avsc` !== file || schema.namespace !== namespace)
          throw new Error(`${path}: holds ${fullNameOf(schema)}, expected ${namespace}.${file.replace('.avsc', '')}`)
        if (schema.fields.some(field => field.name === 'type'))
          throw new Error(`${path}: "type" says which message it is and cannot be a field`)
        return { folder, fullName: fullNameOf(schema), schema, text }
      })
  )
  const names = found.map(({ schema }) => schema.name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new Error(`schemas/avro: two messages are called ${twice}`)
  return found
}

/** One version of one message that may stand on a log. */
export interface SchemaVersion {
  readonly id: number
  readonly name: string
  readonly version: number
  readonly file: string
}

export const versionFile = (name: string, version: number): string => `history/${name}.v${version}.avsc`

/** The ids that are built in, by id. */
export const readSchemaIds = (): readonly SchemaVersion[] => {
  const table: unknown = JSON.parse(readFileSync(at('ids.json'), 'utf8'))
  if (typeof table !== 'object' || table === null) throw new Error('schemas/ids.json: not a table')
  return Object.entries(table).map(([id, entry]: [string, unknown]): SchemaVersion => {
    const row = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>
    const { name, version, file } = row
    if (!/^[1-9]\d{0,8}$/.test(id) || typeof name !== 'string' || typeof version !== 'number')
      throw new Error(`schemas/ids.json: entry ${id} is not { name, version, file }`)
    if (file !== versionFile(name, version)) throw new Error(`schemas/ids.json: entry ${id} names the file ${file}`)
    return { id: Number(id), name, version, file }
  })
}

export const readFrozenSchema = (version: SchemaVersion): AvroRecord =>
  parseSchema(readFileSync(at(version.file), 'utf8'), version.file)

/** As a schema registry gets it: without line breaks, otherwise the frozen file as it is. */
export const frozenSchemaText = (version: SchemaVersion): string =>
  JSON.stringify(JSON.parse(readFileSync(at(version.file), 'utf8')))
