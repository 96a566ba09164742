/**
 * Calls to a registry with Confluent's REST interface. Only what a second attempt may mend is tried again: no connection, no
 * answer in time, 429 and 5xx; all calls used here may be repeated. An answer that is not a registry's (a wrong path
 * gives 404 too) is an error and never taken for "there is none".
 */
import { setTimeout as pause } from 'node:timers/promises'
import { FlexError } from '../errors.ts'

export interface RegistryLimits {
  /** One request, ms: a registry answers in some 10 ms, one that is starting in some seconds. */
  readonly requestMs: number
  /** All attempts of one call, ms: as long as a registry takes to start again. */
  readonly patienceMs: number
  /** Between attempts, ms; doubles up to `pauseMsMax`. */
  readonly pauseMsMin: number
  readonly pauseMsMax: number
}

export const registryLimits: RegistryLimits = {
  requestMs: 5_000,
  patienceMs: 30_000,
  pauseMsMin: 200,
  pauseMsMax: 2_000
}

export interface Answer {
  readonly status: number
  /** Parsed JSON; undefined if the body is none. */
  readonly body: unknown
}

export interface Request {
  readonly method?: 'GET' | 'POST' | 'PUT'
  readonly json?: unknown
  readonly bytes?: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

export type Call = (url: string, request?: Request) => Promise<Answer>

export const registryCalls =
  (limits: RegistryLimits): Call =>
  (url, request = {}) =>
    patiently(limits, `${request.method ?? 'GET'} ${url}`, () => once(url, request, limits))

/** Tries again until `patienceMs` is over; what `act` throws is taken as "nobody could be asked". */
export const patiently = async <Result>(
  limits: RegistryLimits,
  what: string,
  act: () => Promise<Result>
): Promise<Result> => {
  const until = performance.now() + limits.patienceMs
  for (let wait = limits.pauseMsMin; ; wait = Math.min(wait * 2, limits.pauseMsMax)) {
    try {
      return await act()
    } catch (error) {
      if (error instanceof FlexError) throw error
      if (performance.now() + wait > until)
        throw new FlexError('FLEX_REGISTRY_UNAVAILABLE', `${what}: ${reasonOf(error)}`, { cause: error })
    }
    await pause(wait)
  }
}

const once = async (url: string, request: Request, limits: RegistryLimits): Promise<Answer> => {
  const body = request.bytes ?? (request.json === undefined ? undefined : JSON.stringify(request.json))
  const response = await fetch(url, {
    method: request.method ?? 'GET',
    headers: {
      accept: 'application/vnd.schemaregistry.v1+json, application/json',
      ...(request.json === undefined ? {} : { 'content-type': 'application/vnd.schemaregistry.v1+json' }),
      ...request.headers
    },
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(limits.requestMs)
  })
  const text = await response.text()
  if (response.status === 429 || response.status >= 500)
    throw new Error(`status ${response.status} ${text.slice(0, 200)}`)
  if (response.status === 401 || response.status === 403)
    throw new FlexError('FLEX_REGISTRY_UNAVAILABLE', `${url}: it lets nobody in (status ${response.status})`)
  return { status: response.status, body: jsonOf(text) }
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A failed fetch hides what happened in its cause. */
export const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error ? `${error.message} (${reasonOf(cause)})` : error.message || error.name
}

export const fieldOf = (body: unknown, name: string): unknown =>
  typeof body === 'object' && body !== null && name in body
    ? Object.entries(body).find(([key]) => key === name)?.[1]
    : undefined

/** What a registry says about a refusal. */
export const messageOf = ({ status, body }: Answer): string => {
  const message = fieldOf(body, 'message')
  return typeof message === 'string' ? message : `status ${status}`
}
