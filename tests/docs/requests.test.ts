/** The files of examples/requests, sent from top to bottom to a market with the development credentials. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { startApp } from '../../cli/app/app.ts'
import { developmentClients } from '../../cli/app/development-clients.ts'
import { steppedClock } from '../../infra/clock/stepped-clock.ts'
import { loadConfig } from '../../infra/config/config.ts'
import { seededSalt } from '../../infra/log/envelope.ts'
import { logger } from '../../infra/telemetry/logger.ts'
import { type HttpRequest, requestsOf } from './http-file.ts'

const folder = new URL('../../examples/requests/', import.meta.url)
const files = (await readdir(folder)).filter(name => name.endsWith('.http')).toSorted()
const day = '2025-03-29'
/** By the market's clock, before each file; the others follow at once. */
const instants: Readonly<Record<string, string>> = {
  '2a-offer.http': '2025-03-28T11:30:00Z',
  '3-4-judge.http': '2025-03-28T15:01:00Z'
}

const startMarket = async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'flexledger-requests-'))
  const clock = steppedClock(Date.parse('2025-03-28T08:00:00Z'))
  const app = await startApp({
    config: loadConfig({
      FLEX_DATA_DIR: dataDir,
      FLEX_LOG_URL: 'memory:',
      FLEX_HTTP_PORT: '0',
      FLEX_DEV_CREDENTIALS: 'true',
      FLEX_LOG_LEVEL: 'silent'
    }),
    clock,
    salt: seededSalt('requests'),
    logger: logger('silent'),
    instance: 'test',
    mode: 'ordered',
    clients: developmentClients
  })
  await app.host.idle()
  return {
    url: app.url,
    settled: () => app.host.idle(),
    until: async (instant: string) => {
      await clock.advanceTo(Date.parse(instant))
      while ((await app.marketClock.tick()) > 0) await app.host.idle()
      await app.host.idle()
    },
    close: async () => {
      await app.close()
      await rm(dataDir, { recursive: true, force: true })
    }
  }
}

const send = ({ method, url, headers, body }: HttpRequest, token: string, signal?: AbortSignal) =>
  fetch(url, {
    method,
    headers: { ...headers, ...authorization(headers['authorization'], token) },
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal })
  })

const authorization = (text: string | undefined, token: string): Record<string, string> => {
  if (text === undefined) return {}
  const [scheme = '', value = ''] = text.split(' ')
  return {
    authorization:
      scheme === 'Basic' ? `Basic ${btoa(value)}` : text.replace('{{token.response.body.access_token}}', token)
  }
}

/** The first part of a stream, which does not end. */
const beginningOf = async (request: HttpRequest, token: string): Promise<{ status: number; text: string }> => {
  const stop = new AbortController()
  const answer = await send(request, token, stop.signal)
  let text = ''
  for await (const bytes of answer.body ?? []) {
    text += new TextDecoder().decode(bytes)
    if (text.includes('\ndata: ')) break
  }
  stop.abort()
  return { status: answer.status, text }
}

t.test('every request of the files is answered a success when they are sent in their order', async t => {
  const market = await startMarket()
  t.teardown(() => market.close())
  const answers = new Map<string, string>()
  for (const file of files) {
    const instant = instants[file]
    if (instant !== undefined) await market.until(instant)
    let token = ''
    for (const request of requestsOf(await readFile(new URL(file, folder), 'utf8'), { base: market.url, day })) {
      const isStream = request.headers['accept'] === 'text/event-stream'
      const answer = isStream ? await beginningOf(request, token) : await send(request, token)
      const text = 'text' in answer && typeof answer.text === 'string' ? answer.text : await (answer as Response).text()
      const isSuccess = answer.status < 300 && answer.status !== 207
      t.ok(isSuccess, `${file}: ${request.title}${isSuccess ? '' : `: ${answer.status} ${text.slice(0, 1_000)}`}`)
      if (request.name === 'token') token = JSON.parse(text).access_token
      answers.set(`${file}: ${request.title}`, text)
      await market.settled()
    }
  }
  const answered = (title: string) => [...answers].find(([name]) => name.endsWith(title))?.[1] ?? ''
  t.match(JSON.parse(answered('Your validated outcome')).items, [
    { offerId: 'OFFER-1', aggregatorId: 'ACEAE', curtailedWattMtus: 1_400 }
  ])
  t.match(answered('as they come'), /\nevent: OutcomeValidated\n/)
})

t.test('the page of the files lists the development credentials, and no other', async t => {
  const page = await readFile(new URL('README.md', folder), 'utf8')
  const listed = [...page.matchAll(/^\| `([^`]+)` \| `([^`]+)` \|/gm)].map(([, id, secret]) => ({ id, secret }))
  t.same(
    listed,
    developmentClients.map(({ id, secret }) => ({ id, secret }))
  )
})

t.test('a variable that is not defined is an error, not an empty text', async t => {
  t.throws(() => requestsOf('@a = 1\n\n### One\nGET http://x/{{b}}\n', {}), /\{\{b\}\} is not defined/)
})
