/**
 * How a process without a gateway is doing, for whoever supervises it: /livez, /readyz and /metrics, nothing else. It answers
 * without a token, so it belongs on a port that only supervisors reach.
 */
import Fastify, { type FastifyBaseLogger } from 'fastify'
import type { Logger } from '../infra/telemetry/logger.ts'
import type { Metrics } from '../infra/telemetry/metrics.ts'
import { healthRoutes } from './api/operations.ts'
import type { ReadinessCheck } from './options.ts'

export interface OperationsOptions {
  readonly readiness: () => Promise<readonly ReadinessCheck[]>
  readonly metrics: Metrics
  readonly logger?: Logger
}

export interface OperationsServer {
  /** Resolves with the address. */
  listen(at: { readonly host: string; readonly port: number }): Promise<string>
  close(): Promise<void>
}

/** A question has no body and is short. */
const REQUEST_MS = 5_000

export const createOperationsServer = ({ readiness, metrics, logger }: OperationsOptions): OperationsServer => {
  const loggerInstance: FastifyBaseLogger | undefined = logger
  const app = Fastify({
    ...(loggerInstance ? { loggerInstance } : {}),
    // Asked every few seconds for ever: a line for each would be noise.
    disableRequestLogging: true,
    bodyLimit: 1_024,
    requestTimeout: REQUEST_MS,
    forceCloseConnections: true
  })
  healthRoutes(app, { checks: { readiness }, metrics })
  return { listen: ({ host, port }) => app.listen({ host, port }), close: () => app.close() }
}
