import t from 'tap'
import { metrics } from '../infra/telemetry/metrics.ts'
import { createOperationsServer } from './operations-server.ts'
import type { ReadinessCheck } from './options.ts'

t.test(
  'a process without a gateway says whether it is alive and ready, and how it is doing, and nothing else',
  async t => {
    const measured = metrics()
    t.teardown(() => measured.close())
    let answer = async (): Promise<readonly ReadinessCheck[]> => [{ name: 'workers', isReady: true, detail: 'all run' }]
    const server = createOperationsServer({ readiness: () => answer(), metrics: measured })
    t.teardown(() => server.close())
    const url = await server.listen({ host: '127.0.0.1', port: 0 })
    const get = async (path: string) => {
      const response = await fetch(`${url}${path}`)
      return { status: response.status, text: await response.text() }
    }
    t.strictSame(await get('/livez'), { status: 200, text: '{"status":"alive"}' })
    t.equal((await get('/readyz')).status, 200)
    t.match((await get('/metrics')).text, /process_cpu_seconds_total/)
    t.equal((await get('/v1/pods')).status, 404)
    t.equal((await get('/docs')).status, 404)

    answer = async () => [{ name: 'workers', isReady: false, detail: 'market fails' }]
    t.match(await get('/readyz'), { status: 503, text: /market fails/ })
    answer = async () => {
      throw new Error('no broker answers')
    }
    t.match(await get('/readyz'), { status: 503, text: /no broker answers/ })
    t.equal((await get('/livez')).status, 200, 'what it waits for is no reason to start it again')
  }
)
