/**
 * The parser of JSON bodies, for bodies of megabytes. It differs from Fastify's own in two ways. Text is put together from the
 * pieces as they come, in the heap: joined and decoded as a whole, each call would take three times its size of memory outside
 * of the heap, and every 64 MB of that make V8 collect a heap of gigabytes. And prototypes are looked for by name first: only a
 * body in which `__proto__` or `constructor` stands, or a backslash that may hide them, goes through Fastify's patterns, which
 * take as long as the parsing itself.
 *
 * Promises: the same values and the same refusals as Fastify's parser with `onProtoPoisoning` and `onConstructorPoisoning`
 * at `error`, and its checks of the length; what is no JSON is told with the reason.
 */
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { errorCodes, type FastifyInstance, type FastifyRequest } from 'fastify'

export const parseJsonBodies = (app: FastifyInstance, bytesMax: number): void => {
  const fastifysOwn = app.getDefaultJsonParser('error', 'error')
  const carefully = (request: FastifyRequest, text: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      fastifysOwn(request, text, (error, value) => (error ? reject(explained(error, text)) : resolve(value)))
    })
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', async (request: FastifyRequest, payload: Readable) => {
    const text = await textOf(payload, Number(request.headers['content-length']), bytesMax)
    const value = mayPoison(text) ? undefined : parsed(text)
    return value === undefined ? carefully(request, text) : value
  })
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

/** `length` is what the caller said, NaN if nothing. */
const textOf = (payload: Readable, length: number, bytesMax: number): Promise<string> => {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  if (length > bytesMax) {
    reject(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE())
    return promise
  }
  const decoder = new StringDecoder('utf8')
  let text = ''
  let bytes = 0
  const onData = (piece: Buffer | string): void => {
    const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece
    bytes += chunk.length
    if (bytes <= bytesMax) text += decoder.write(chunk)
    else finish(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE())
  }
  const onEnd = (): void => {
    text += decoder.end()
    const isWhole = Number.isNaN(length) || bytes === length
    finish(isWhole ? undefined : new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH())
  }
  const finish = (error: Error | undefined): void => {
    payload.off('data', onData).off('end', onEnd).off('error', onError)
    if (error) reject(error)
    else resolve(text)
  }
  /** The caller has gone, or sent what is no HTTP. */
  const onError = (error: Error): void => finish(Object.assign(error, { statusCode: 400 }))
  payload.on('data', onData).on('end', onEnd).on('error', onError)
  return promise
}
