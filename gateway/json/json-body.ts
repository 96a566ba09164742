/**
 * The parser of JSON bodies, for bodies of megabytes. Where the schema of an operation allows it, a body is read and checked
 * in one go from its bytes (compiled-json.ts). Everything else goes the general way, which differs from Fastify's own in two
 * things. Text is put together from the pieces as they come, in the heap: joined and decoded as a whole, each call would take
 * three times its size of memory outside of the heap, and every 64 MB of that make V8 collect a heap of gigabytes. And
 * prototypes are looked for by name first: only a body in which `__proto__` or `constructor` stands, or a backslash that may
 * hide them, goes through Fastify's patterns, which take as long as the parsing itself.
 *
 * Promises: the same values and the same refusals as Fastify's parser with `onProtoPoisoning` and `onConstructorPoisoning`
 * at `error`, and its checks of the length; what is no JSON is told with the reason.
 */
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { errorCodes, type FastifyInstance, type FastifyRequest } from 'fastify'
import type { JsonReader } from './compiled-json.ts'

/** Reads what fits the schema of an operation's body; undefined if the schema is read the general way alone. */
export type ReaderOf = (bodySchema: unknown) => JsonReader | undefined

/** Of which schema a body is known to be. */
const checkedBodies = new WeakMap<object, unknown>()

/** The body came from a reader of this schema, so it need not be checked again. */
export const isChecked = (body: unknown, schema: unknown): boolean =>
  typeof body === 'object' && body !== null && checkedBodies.get(body) === schema

export const parseJsonBodies = (app: FastifyInstance, bytesMax: number, readerOf: ReaderOf = () => undefined): void => {
  const fastifysOwn = app.getDefaultJsonParser('error', 'error')
  const carefully = (request: FastifyRequest, text: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      fastifysOwn(request, text, (error, value) => (error ? reject(explained(error, text)) : resolve(value)))
    })
  const generally = (request: FastifyRequest, text: string): unknown => {
    const value = mayPoison(text) ? undefined : parsed(text)
    return value === undefined ? carefully(request, text) : value
  }
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', async (request: FastifyRequest, payload: Readable) => {
    const schema = request.routeOptions.schema?.body
    const reader = readerOf(schema)
    const length = Number(request.headers['content-length'])
    if (!reader) return generally(request, await textOf(payload, length, bytesMax))
    const pieces: Buffer[] = []
    await receive(payload, length, bytesMax, piece => pieces.push(piece))
    const value = readPieces(pieces, reader)
    if (value === undefined) return generally(request, textOfPieces(pieces))
    checkedBodies.set(value, schema)
    return value
  })
}

/** The bytes of a body and a zero; one for all, because a body is read in one go. It grows to the largest body that came. */
let joined = Buffer.allocUnsafeSlow(64 * 1024)

const readPieces = (pieces: readonly Buffer[], reader: JsonReader): object | undefined => {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  if (joined.length <= length) joined = Buffer.allocUnsafeSlow(length + 1)
  let at = 0
  for (const piece of pieces) at += piece.copy(joined, at)
  joined[length] = 0
  return reader(joined, length)
}

const mayPoison = (text: string): boolean =>
  text.includes('\\') || text.includes('__proto__') || text.includes('constructor')

/** Fastify's error does not say what is wrong with the text. */
const explained = (error: Error, text: string): Error => {
  if (!('code' in error) || error.code !== 'FST_ERR_CTP_INVALID_JSON_BODY') return error
  return Object.assign(error, { message: faultOf(text) })
}

const FAULT_CHARACTERS_MAX = 200

const faultOf = (text: string): string => {
  try {
    JSON.parse(text.replace(/^\ufeff/, ''))
    return 'A field is called __proto__, or prototype in constructor: such names are refused.'
  } catch (error) {
    return `${error instanceof Error ? error.message : error}`.slice(0, FAULT_CHARACTERS_MAX)
  }
}

/** Undefined, which no JSON is, for what is none. */
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const textOfPieces = (pieces: readonly Buffer[]): string => {
  const decoder = new StringDecoder('utf8')
  let text = ''
  for (const piece of pieces) text += decoder.write(piece)
  return text + decoder.end()
}

const textOf = async (payload: Readable, length: number, bytesMax: number): Promise<string> => {
  const decoder = new StringDecoder('utf8')
  let text = ''
  await receive(payload, length, bytesMax, piece => {
    text += decoder.write(piece)
  })
  return text + decoder.end()
}

/** `length` is what the caller said, NaN if nothing. */
const receive = (
  payload: Readable,
  length: number,
  bytesMax: number,
  onPiece: (piece: Buffer) => void
): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  if (length > bytesMax) {
    reject(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE())
    return promise
  }
  let bytes = 0
  const onData = (piece: Buffer | string): void => {
    const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece
    bytes += chunk.length
    if (bytes <= bytesMax) onPiece(chunk)
    else finish(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE())
  }
  const onEnd = (): void => {
    const isWhole = Number.isNaN(length) || bytes === length
    finish(isWhole ? undefined : new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH())
  }
  const finish = (error: Error | undefined): void => {
    payload.off('data', onData).off('end', onEnd).off('error', onError)
    if (error) reject(error)
    else resolve()
  }
  /** The caller has gone, or sent what is no HTTP. */
  const onError = (error: Error): void => finish(Object.assign(error, { statusCode: 400 }))
  payload.on('data', onData).on('end', onEnd).on('error', onError)
  return promise
}
