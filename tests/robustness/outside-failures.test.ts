/**
 * What is outside of a process fails while it serves, one thing after another: the schema registry goes away, PostgreSQL is
 * killed, the disk of the log is full, the only broker ends. Nothing that was acknowledged is lost, and the process goes on
 * when the thing is back, without a restart. What was tried is listed in docs/reference/failures.md.
 *
 * A full disk is a limit on the size of files (`prlimit`), set upon a running process and lifted again.
 */
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { flexledger } from '../../cli/command-line.fixtures.ts'
import { exitCode } from '../../cli/output.ts'
import { kafkaForTests, postgresForTests } from '../../infra/engines/for-tests.ts'
import { openLog } from '../../infra/log/open-log.ts'
import { registryDouble } from '../../infra/schema-registry/registry-double.fixtures.ts'
import { commandOfOffer, type OneSession, oneSession } from '../cluster/one-session.ts'
import { type Served, serve } from '../cluster/served.ts'
import { statusOf } from './broker-drill.ts'

t.setTimeout(280_000)

const folderOf = async (t: Pick<Test, 'teardown'>): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'flexledger-outside-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const noPrlimit = spawnSync('prlimit', ['--version']).error === undefined ? false : 'no prlimit: it is in util-linux'
if (noPrlimit !== false && process.env['CI'] === 'true') throw new Error(noPrlimit)

/** From now on no file of the process grows; undefined: as before. */
const limitFiles = (pid: number, bytes: number | undefined): void => {
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--fsize=${bytes ?? 'unlimited'}:`], {
    encoding: 'utf8'
  })
  if (status !== 0) throw new Error(`prlimit: ${stderr}`)
}

const offersOf = async (session: OneSession, from: number, to: number): Promise<readonly number[]> => {
  const met: number[] = []
  for (let number = from; number < to; number++) {
    const { status, body, before } = await session.offer(number)
    if (status !== 201) throw new Error(`offer ${number}: ${status} ${JSON.stringify(body)}`)
    met.push(...before)
  }
  return met
}

const isEachDecidedOnce = async (t: Test, session: OneSession, offers: number): Promise<void> => {
  const decided = (await session.counted()).events.flatMap(({ message, correlation }) =>
    message.type === 'OfferPlaced' ? [correlation] : []
  )
  const ids = Array.from({ length: offers }, (_, number) => commandOfOffer(session.pom, number))
  t.strictSame(decided.toSorted(), ids.toSorted(), 'each offer was decided once')
}

/** The status of a read, as soon as it is the expected one. */
const readsAs = async (session: OneSession, expected: number): Promise<number> => {
  for (let tries = 0; ; tries++) {
    const { status } = await session.parties.aggregator.get(`/v1/sessions/${session.sessionId}/offers?limit=1`)
    if (status === expected || tries === 600) return status
    await delay(100)
  }
}

/** Each table follows the log by itself, so one may be there before another. */
const offersListed = async (session: OneSession, expected: number): Promise<number> => {
  for (let tries = 0; ; tries++) {
    const { body } = await session.parties.aggregator.get(`/v1/sessions/${session.sessionId}/offers?limit=100`)
    const { length } = (body as { items: readonly unknown[] }).items
    if (length === expected || tries === 600) return length
    await delay(100)
  }
}

const postgres = await postgresForTests(t, { own: true })
t.test(
  'a registry that goes away, a database that is killed and a full disk lose nothing, and need no restart',
  { skip: postgres.skip || noPrlimit },
  async t => {
    const folder = await folderOf(t)
    const registry = await registryDouble({ hasModes: true })
    t.teardown(() => registry.stop())
    const logUrl = `sqlite:${join(folder, 'log.sqlite')}`
    const served: Served = await serve({
      name: 'market',
      roles: 'gateway,registry,market,projections,actor-topics',
      folder,
      env: {
        FLEX_LOG_URL: logUrl,
        FLEX_DATABASE_URL: postgres.url,
        FLEX_REGISTRY_URL: registry.url,
        FLEX_DEV_CREDENTIALS: 'true'
      }
    })
    t.teardown(() => served.stop())
    const log = await openLog(logUrl)
    t.teardown(() => log.close())
    const session = oneSession({ log, url: served.url, pom: 'OUTSIDE', offers: 40 })
    await session.prepare()

    await registry.stop()
    t.strictSame(await offersOf(session, 0, 10), [], 'without the registry offers are decided as ever')

    await postgres.engine.kill()
    t.strictSame(await offersOf(session, 10, 20), [], 'without the database offers are decided as ever')
    t.equal(await readsAs(session, 503), 503, 'and reading is refused for now')
    await postgres.engine.startAgain()
    t.equal(await readsAs(session, 200), 200, 'reading goes on when it is back')

    limitFiles(served.pid, 1)
    const held = offersOf(session, 20, 30)
    await delay(1_000)
    limitFiles(served.pid, undefined)
    const met = await held
    t.ok(met.length > 0 && met.every(status => status === 503), `with a full disk the answer is 503: ${met.join()}`)

    t.strictSame(await offersOf(session, 30, 40), [])
    await session.close()
    await isEachDecidedOnce(t, session, 40)
    t.equal(await statusOf(session.parties.aggregator, session.sessionId), 'validated', 'the tables follow')
    t.equal(await offersListed(session, 40), 40, 'the tables have all')
    t.ok(served.isAlive(), 'it is the process that was started')
  }
)

const kafka = await kafkaForTests(t, { own: true })
t.test(
  'the only broker ends with a full disk: what was acknowledged is there when it is back, and the session goes on',
  { skip: kafka.skip || noPrlimit },
  async t => {
    const folder = await folderOf(t)
    const served = await serve({
      name: 'market',
      roles: 'gateway,registry,market,projections,actor-topics',
      folder,
      env: { FLEX_LOG_URL: kafka.url, FLEX_DEV_CREDENTIALS: 'true' }
    })
    t.teardown(() => served.stop())
    const log = await openLog(kafka.url)
    t.teardown(() => log.close())
    const session = oneSession({ log, url: served.url, pom: 'BROKER', offers: 20 })
    await session.prepare()
    await offersOf(session, 0, 10)
    const [broker] = kafka.engine.pids()
    limitFiles(broker!, 1)
    const held = offersOf(session, 10, 20)
    while (kafka.engine.pids().length > 0) await delay(100)
    await kafka.engine.startAgain()
    const met = await held
    t.ok(
      met.every(status => status === 503 || status === 202),
      `on the way: ${met.join()}`
    )
    await session.close()
    await isEachDecidedOnce(t, session, 20)
    t.ok(served.isAlive(), 'it is the process that was started')
  }
)

t.test('an address without a broker, and one with something else, end the start with a clear error', async t => {
  const folder = await folderOf(t)
  const other = createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  })
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
  t.teardown(() => other.close())
  const address = other.address()
  const port = typeof address === 'object' ? address?.port : undefined
  for (const [url, message] of [
    ['kafka:127.0.0.1:1', /FLEX_LOG_UNAVAILABLE: kafka:127\.0\.0\.1:1: .*ECONNREFUSED/],
    [`kafka:127.0.0.1:${port}`, /FLEX_LOG_UNAVAILABLE: .*no Kafka broker\?/]
  ] as const) {
    const { code, stderr } = await flexledger(['serve', '--data', folder], {
      env: { FLEX_LOG_URL: url, FLEX_HTTP_PORT: '0' }
    })
    t.equal(code, exitCode.operating, url)
    t.match(stderr, message)
  }
})
