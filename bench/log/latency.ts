/**
 * From the HTTP command to its decided event: the registration of one point of delivery is posted, decided by the registry
 * and answered with what was decided. One process with all parts in free mode, as `flexledger serve` runs them; one call
 * after another, and many at once.
 */
import { randomBytes } from 'node:crypto'
import { startApp } from '../../cli/app/app.ts'
import { credentialsOf, developmentClients } from '../../cli/app/development-clients.ts'
import { restClient } from '../../examples/market-day/rest-client.ts'
import { realClock } from '../../infra/clock/real-clock.ts'
import { loadConfig } from '../../infra/config/config.ts'
import { logger } from '../../infra/telemetry/logger.ts'
import { workload } from '../flows/workload.ts'

const WARM = 300
const ALONE = 500
const CROWDED = 2_000
const AT_ONCE = 32

export const measureLatency = async (logUrl: string, dataDir: string) => {
  const config = loadConfig({
    FLEX_DATA_DIR: dataDir,
    FLEX_LOG_URL: logUrl,
    FLEX_HTTP_PORT: '0',
    FLEX_LOG_LEVEL: 'error',
    FLEX_RATE_PER_MINUTE: '1000000'
  })
  const app = await startApp({
    config,
    clock: realClock(),
    salt: () => randomBytes(16).toString('base64'),
    logger: logger('error'),
    instance: 'bench',
    mode: 'free',
    clients: developmentClients
  })
  try {
    await app.host.idle()
    const client = restClient(app.url, credentialsOf('ACEAE'))
    const { pods } = workload(WARM + ALONE + CROWDED, 0)
    let next = 0
    const register = async (): Promise<number> => {
      const n = next++
      const began = performance.now()
      await client.send('POST', '/v1/pods', [pods[n]], `pod-${n}`)
      return performance.now() - began
    }
    const series = async (calls: number, atOnce: number) => {
      const took: number[] = []
      const one = async () => {
        while (took.length + atOnce <= calls) took.push(await register())
      }
      await Promise.all(Array.from({ length: atOnce }, one))
      await app.host.idle()
      return percentiles(took)
    }
    await series(WARM, 1)
    return { alone: await series(ALONE, 1), crowded: await series(CROWDED, AT_ONCE) }
  } finally {
    await app.close()
  }
}

const percentiles = (took: readonly number[]) => {
  const sorted = took.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10
  return { calls: sorted.length, p50: at(0.5), p99: at(0.99) }
}
