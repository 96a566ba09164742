/**
 * A party that does not give up: every call carries an Idempotency-Key and is repeated with it until it was decided, over
 * refused connections, 202, 429 and 503. It notes when it was told what, so that pauses can be seen from where they hurt.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { credentialsOf } from '../../cli/app/development-clients.ts'

export interface Decided {
  readonly status: number
  readonly body: unknown
  /** Answers before this one, 0 for a connection that broke. */
  readonly before: readonly number[]
  /** ms from the first attempt to the decision. */
  readonly took: number
}

export interface Participant {
  get(path: string): Promise<{ readonly status: number; readonly body: unknown }>
  send(method: 'POST' | 'PUT' | 'DELETE', path: string, body: unknown, key: string): Promise<Decided>
}

/** More than the loss of a broker and of the process behind it together may take. */
const PATIENCE_MS = 120_000
const AGAIN_MS = 250

export const participant = (url: string, actor: string): Participant => {
  let token: Promise<string> | undefined
  const freshToken = async (): Promise<string> => {
    const { clientId, clientSecret } = credentialsOf(actor)
    const response = await fetch(`${url}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' })
    })
    const { access_token: fresh } = (await response.json()) as { access_token?: string }
    if (fresh === undefined) throw new Error(`no token for ${actor}: ${response.status}`)
    return fresh
  }

  const call = async (method: string, path: string, body?: unknown, key?: string) => {
    token ??= freshToken().catch(error => {
      token = undefined
      throw error
    })
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key })
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    const text = await response.text()
    if (response.status === 401) token = undefined
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }

  return {
    get: path => call('GET', path),
    async send(method, path, body, key) {
      const began = performance.now()
      const before: number[] = []
      for (;;) {
        const answer = await call(method, path, body, key).catch(error => ({ status: 0, body: String(error) }))
        if (!isUndecided(answer.status)) return { ...answer, before, took: performance.now() - began }
        before.push(answer.status)
        if (performance.now() - began > PATIENCE_MS)
          throw new Error(`${method} ${path} was not decided within ${PATIENCE_MS} ms: ${JSON.stringify(answer)}`)
        await delay(AGAIN_MS)
      }
    }
  }
}

const isUndecided = (status: number): boolean => [0, 202, 401, 429, 503].includes(status)
