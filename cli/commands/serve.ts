/** `flexledger serve`: real time, configured by the environment, until SIGINT or SIGTERM. */

import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { realClock } from '../../infra/clock/real-clock.ts'
import { loadConfig } from '../../infra/config/config.ts'
import { logger } from '../../infra/telemetry/logger.ts'
import { startApp } from '../app/app.ts'
import { developmentClients } from '../app/development-clients.ts'
import { exitCode } from '../output.ts'

/** How long open calls and batches may take to end. */
const STOP_MS = 25_000

export const serve = async (flags: { data?: string; roles?: string }): Promise<void> => {
  const config = loadConfig({
    ...process.env,
    ...(flags.data === undefined ? {} : { FLEX_DATA_DIR: flags.data }),
    ...(flags.roles === undefined ? {} : { FLEX_ROLES: flags.roles })
  })
  const log = logger(config.logLevel)
  const app = await startApp({
    config,
    clock: realClock(),
    salt: () => randomBytes(16).toString('base64'),
    logger: log,
    instance: `${hostname()}-${process.pid}`,
    mode: 'free',
    clients: config.devCredentials ? developmentClients : []
  })
  log.info({ url: app.url, operationsUrl: app.operationsUrl, roles: config.roles }, 'serving')
  const stop = new AbortController()
  const ticking = config.roles.includes('clock') ? app.marketClock.run(stop.signal) : Promise.resolve()
  await new Promise<void>((resolve, reject) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
    ticking.catch(reject)
  })
  log.info('stopping')
  const late = setTimeout(() => {
    log.error('did not stop in time')
    process.exit(exitCode.operating)
  }, STOP_MS)
  late.unref()
  stop.abort()
  await ticking
  await app.close()
}
