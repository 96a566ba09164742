/**
 * What a party's own program would have: a client of the REST API, nothing more. It gets a token by client credentials,
 * renews it, sends arrays in pieces below the body limit, repeats with the same Idempotency-Key, and follows cursors.
 */

export interface Credentials {
  readonly clientId: string
  readonly clientSecret: string
}

export interface RestClient {
  get<T>(path: string): Promise<T>
  /** All pages of a list. */
  list<T>(path: string): Promise<T[]>
  /** The same as it comes, one text per page. */
  pages(path: string): Promise<string[]>
  send(method: 'POST' | 'PUT', path: string, body: unknown, key: string): Promise<unknown>
  /** An array in pieces; every item has to be accepted. */
  sendAll(path: string, items: readonly object[], key: string): Promise<void>
  /** What `piecesOf` made of an array. */
  sendPieces(path: string, pieces: readonly string[], key: string): Promise<void>
}

/** Below the gateway's body limit of 8 MiB, with room. */
const PIECE_BYTES_MAX = 3_000_000
const PIECE_ITEMS_MAX = 1_000
const TRIES = 5
/** More than the longest cursor (512 characters) with its name. */
const CURSOR_CHARACTERS_MAX = 600

/** Registered points with a baseline curve each: below PIECE_BYTES_MAX, so that a piece is one call. */
const SETTLED_PIECE_ITEMS = 500

/**
 * An array in pieces, each settled before the next is sent: what is fed on from several partitions would otherwise arrive
 * in an order of its own when the day is interrupted between the two.
 */
export const sendSettled = async (
  client: RestClient,
  path: string,
  items: readonly object[],
  key: string,
  settled: () => Promise<void>
): Promise<void> => {
  for (let first = 0; first < items.length; first += SETTLED_PIECE_ITEMS) {
    await client.sendAll(path, items.slice(first, first + SETTLED_PIECE_ITEMS), `${key}/${first}`)
    await settled()
  }
}

/** An array as JSON texts below the limits of one call. */
export const piecesOf = (
  items: readonly object[],
  itemsMax = PIECE_ITEMS_MAX,
  bytesMax = PIECE_BYTES_MAX
): string[] => {
  const pieces: string[] = []
  let piece: string[] = []
  let bytes = 0
  const cut = () => {
    if (piece.length > 0) pieces.push(`[${piece.join(',')}]`)
    piece = []
    bytes = 0
  }
  for (const item of items) {
    const text = JSON.stringify(item)
    if (piece.length === itemsMax || bytes + text.length > bytesMax) cut()
    piece.push(text)
    bytes += text.length + 1
  }
  cut()
  return pieces
}

interface BulkAnswer {
  readonly items?: readonly {
    readonly status: string
    readonly id?: string
    readonly problem?: { readonly detail?: string }
  }[]
}

export const restClient = (baseUrl: string, { clientId, clientSecret }: Credentials): RestClient => {
  let token: { value: string; until: number } | undefined

  const accessToken = async (): Promise<string> => {
    if (token && performance.now() < token.until) return token.value
    const response = await fetch(`${baseUrl}/oauth/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded'
      },
      body: new URLSearchParams({ grant_type: 'client_credentials' })
    })
    if (!response.ok) throw new Error(`no token for ${clientId}: ${response.status} ${await response.text()}`)
    const answer = (await response.json()) as { access_token: string; expires_in: number }
    token = { value: answer.access_token, until: performance.now() + (answer.expires_in - 30) * 1_000 }
    return token.value
  }

  const call = async (method: string, path: string, body?: string, key?: string): Promise<string> => {
    for (let attempt = 1; ; attempt++) {
      const response = await fetch(`${baseUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${await accessToken()}`,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { 'idempotency-key': key })
        },
        ...(body === undefined ? {} : { body })
      })
      const text = await response.text()
      if (response.ok && response.status !== 202) return text
      // Not decided yet, too fast, or not ready: the same key makes asking again safe.
      const again = response.status === 202 || response.status === 429 || response.status === 503
      if (!again || attempt === TRIES) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 2_000)}`)
      const wait = Number(response.headers.get('retry-after') ?? '1')
      await new Promise(resolve => setTimeout(resolve, wait * 1_000))
    }
  }

  const pages = async (path: string): Promise<string[]> => {
    const all: string[] = []
    const separator = path.includes('?') ? '&' : '?'
    let cursor: string | undefined
    do {
      const after = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const page = await call('GET', `${path}${separator}limit=1000${after}`)
      all.push(page)
      cursor = nextOf(page)
    } while (cursor !== undefined)
    return all
  }

  const sendPieces = async (path: string, pieces: readonly string[], key: string): Promise<void> => {
    for (const [number, piece] of pieces.entries()) {
      const answer = JSON.parse(await call('POST', path, piece, `${key}/${number}`)) as BulkAnswer
      const refused = answer.items?.filter(({ status }) => status !== 'accepted') ?? []
      if (refused.length > 0)
        throw new Error(`POST ${path}: ${refused.length} refused, first: ${JSON.stringify(refused[0])}`)
    }
  }

  return {
    get: async <T>(path: string) => parsed(await call('GET', path)) as T,
    list: async <T>(path: string) => (await pages(path)).flatMap(page => (JSON.parse(page) as { items: T[] }).items),
    pages,
    send: async (method, path, body, key) => parsed(await call(method, path, JSON.stringify(body), key)),
    sendAll: (path, items, key) => sendPieces(path, piecesOf(items), key),
    sendPieces
  }
}

const parsed = (text: string): unknown => (text === '' ? undefined : JSON.parse(text))

/** The cursor stands at the end of a page, so a page need not be read to ask for the next. */
const nextOf = (page: string): string | undefined =>
  /"next":"([\w-]+)"\}$/.exec(page.slice(-CURSOR_CHARACTERS_MAX))?.[1]
