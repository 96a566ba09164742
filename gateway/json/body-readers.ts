/** The compiled readers of the operations' bodies, made with the first body that comes. */
import { formats, type NamedSchema } from '../validation.ts'
import { compiledJson, type JsonReader } from './compiled-json.ts'
import type { ReaderOf } from './json-body.ts'

/** By component list and schema: the gateways of one process share their operations. */
const readers = new WeakMap<readonly NamedSchema[], WeakMap<object, { readonly reader: JsonReader | undefined }>>()

export const bodyReaders = (named: readonly NamedSchema[]): ReaderOf => {
  const own = readers.get(named) ?? new WeakMap<object, { readonly reader: JsonReader | undefined }>()
  readers.set(named, own)
  return schema => {
    if (typeof schema !== 'object' || schema === null) return undefined
    const known = own.get(schema)
    if (known) return known.reader
    const reader = compiledJson(schema, named, formats)
    own.set(schema, { reader })
    return reader
  }
}
