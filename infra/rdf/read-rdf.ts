/**
 * RDF in XML, as files of IEC 61970-552 write it: a flat list of objects, each with text values and references. Files that
 * speak of the same object (rdf:ID in one, rdf:about in the others) are put together.
 *
 * Streams through the text, so a file of hundreds of megabytes needs memory for its objects only. What is not well-formed
 * is an error with line and column; documents with a type declaration are refused, since nothing needs one and entities
 * that it could define may grow without bound.
 */
import { SaxesParser } from 'saxes'

export interface RdfObject {
  readonly id: string
  /** Local name of its class; that of the file that defines it (rdf:ID), if one does. */
  readonly type: string
  /** Local names such as `Terminal.connected`, each with its texts or the ids that it refers to. */
  readonly values: ReadonlyMap<string, readonly string[]>
}

export interface RdfFault {
  readonly file: string
  readonly detail: string
}

export interface RdfText {
  readonly file: string
  readonly text: string
}

const RDF = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#'

export const readRdf = (
  texts: readonly RdfText[]
): { readonly objects: ReadonlyMap<string, RdfObject>; readonly faults: readonly RdfFault[] } => {
  const objects = new Map<string, MutableObject>()
  const faults = texts.flatMap(text => readOne(text, objects))
  return { objects, faults }
}

interface MutableObject {
  readonly id: string
  type: string
  readonly values: Map<string, string[]>
}

/** Characters given to the parser at once. */
const CHUNK = 1 << 16

const readOne = ({ file, text }: RdfText, objects: Map<string, MutableObject>): readonly RdfFault[] => {
  const faults: RdfFault[] = []
  const parser = new SaxesParser({ xmlns: true })
  let depth = 0
  let object: MutableObject | undefined
  let property: string | undefined
  let value = ''
  const fault = (detail: string): void => {
    if (faults.length === 0) faults.push({ file, detail: `${detail} (line ${parser.line}, column ${parser.column})` })
  }
  parser.on('error', error => fault(error.message.replace(/^\d+:\d+: /, '')))
  parser.on('doctype', () => fault('a document type declaration is not accepted'))
  parser.on('opentag', ({ local, uri, attributes }) => {
    depth++
    const named = (name: string): string | undefined =>
      Object.values(attributes).find(one => one.local === name && one.uri === RDF)?.value
    if (depth === 1) {
      if (local !== 'RDF' || uri !== RDF) fault('the outermost element is not rdf:RDF')
    } else if (depth === 2) {
      const defined = named('ID')
      const about = defined ?? named('about')
      if (about === undefined) {
        fault(`${local} has neither rdf:ID nor rdf:about`)
        return
      }
      const id = idOf(about)
      object = objects.get(id) ?? { id, type: local, values: new Map() }
      if (defined !== undefined) object.type = local
      objects.set(id, object)
    } else if (depth === 3 && object) {
      property = local
      value = ''
      const resource = named('resource')
      if (resource !== undefined) addTo(object, local, idOf(resource))
      if (resource !== undefined) property = undefined
    }
  })
  parser.on('text', part => {
    if (depth === 3) value += part
  })
  parser.on('closetag', () => {
    if (depth === 3 && object && property !== undefined) addTo(object, property, value.trim())
    if (depth === 3) property = undefined
    if (depth === 2) object = undefined
    depth--
  })
  try {
    for (let at = 0; at < text.length && faults.length === 0; at += CHUNK) parser.write(text.slice(at, at + CHUNK))
    if (faults.length === 0) parser.close()
  } catch (error) {
    fault(error instanceof Error ? error.message : String(error))
  }
  return faults
}

const addTo = ({ values }: MutableObject, name: string, value: string): void => {
  const known = values.get(name)
  if (known === undefined) values.set(name, [value])
  else if (!known.includes(value)) known.push(value)
}

/** `#_x`, `_x`, `urn:uuid:x` and `x` name one object; of an enumeration's address the part after # is its name. */
const idOf = (reference: string): string => {
  const name = reference.startsWith('urn:uuid:')
    ? reference.slice('urn:uuid:'.length)
    : reference.slice(reference.indexOf('#') + 1)
  return name.startsWith('_') ? name.slice(1) : name
}
