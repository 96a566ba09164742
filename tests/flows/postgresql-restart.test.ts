/** A served market whose PostgreSQL goes away and comes back: writing goes on, reading says so, nothing is restarted or lost. */
import t from 'tap'
import { postgresForTests } from '../../infra/engines/for-tests.ts'
import { aPod, startMarket } from './market.ts'

const server = await postgresForTests(t, { own: true })
/** Of the free host: bounded by its retries, half a minute at most. */
const MENDED_MS_MAX = 60_000

t.test(
  'without its database a market decides, refuses to read, and shows all of it afterwards',
  {
    skip: server.skip
  },
  async t => {
    const market = await startMarket('2026-01-14T09:00:00Z', { mode: 'free', env: { FLEX_DATABASE_URL: server.url } })
    t.teardown(() => market.close())
    const register = (pod: string) =>
      market.call('ACEAE', 'POST', '/v1/pods', aPod(pod), { 'idempotency-key': `register-${pod}` })
    const ready = async () => (await market.call(undefined, 'GET', '/readyz')).status
    const eventually = async (what: string, isSo: () => Promise<boolean>) => {
      const giveUpAt = performance.now() + MENDED_MS_MAX
      while (!(await isSo())) {
        if (performance.now() > giveUpAt) throw new Error(`never: ${what}`)
        await new Promise(resolve => setTimeout(resolve, 100))
      }
      t.pass(what)
    }
    t.equal((await register('IT001E00000001')).status, 201)
    await eventually(
      'it is read',
      async () => (await market.call('ACEAE', 'GET', '/v1/pods/IT001E00000001')).status === 200
    )
    t.equal(await ready(), 200)

    await server.engine.stop()
    t.equal((await register('IT001E00000002')).status, 201, 'a command is decided without the database')
    const [read, readiness] = await Promise.all([
      market.call('ACEAE', 'GET', '/v1/pods/IT001E00000002'),
      market.call(undefined, 'GET', '/readyz')
    ])
    t.match(read, { status: 503, body: { code: 'database-unavailable' } })
    t.match(readiness, { status: 503, body: { status: 'not-ready' } })
    t.match(
      (readiness.body as { checks: object[] }).checks.filter(check => 'name' in check && check.name === 'database'),
      [{ isReady: false }]
    )

    await server.engine.startAgain()
    await eventually('what was written meanwhile is read', async () => {
      const { status } = await market.call('ACEAE', 'GET', '/v1/pods/IT001E00000002')
      return status === 200
    })
    await eventually('the market is ready again', async () => (await ready()) === 200)
    t.match((await market.call('ACEAE', 'GET', '/v1/pods')).body, {
      items: [{ pod: 'IT001E00000001' }, { pod: 'IT001E00000002' }]
    })
  }
)
