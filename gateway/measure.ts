/** What is counted of the gateway: calls by operation and answer, how long they took, and what is waiting. */
import type { FastifyInstance } from 'fastify'
import type { Metrics } from '../infra/telemetry/metrics.ts'
import type { AnswerReader } from './commands/answer-reader.ts'

export const measure = (app: FastifyInstance, metrics: Metrics, answers: AnswerReader): void => {
  const seconds = metrics.histogram({
    name: 'flex_http_request_seconds',
    help: 'How long calls took, by route and status.',
    labels: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 30]
  })
  const waiting = metrics.gauge({
    name: 'flex_gateway_commands_waiting',
    help: 'Commands that wait for their decision.'
  })
  app.addHook('onResponse', async (request, reply) => {
    // The route's pattern, not the address: ids would make a series each.
    const route = request.routeOptions.url ?? 'unknown'
    seconds.observe({ method: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1_000)
    waiting.set(answers.waiting())
  })
}
