/** What machines ask about the gateway itself, without a token: is it alive, is it ready, how is it doing, what is it. */
import type { FastifyInstance } from 'fastify'
import type { Metrics } from '../../infra/telemetry/metrics.ts'
import { asyncapiDocument } from '../../schemas/asyncapi.ts'
import type { AnswerReader } from '../commands/answer-reader.ts'
import type { ReadinessCheck } from '../options.ts'
import { problemEntry } from '../problem.ts'
import { ProblemError } from '../problem-reply.ts'

export interface Health {
  readonly answers: AnswerReader
  readonly readiness: () => Promise<readonly ReadinessCheck[]>
  readonly metrics: Metrics | undefined
  /** Ready means: nothing is behind for longer than this. */
  readonly readyWithinMs: number
}

export const operationalRoutes = (app: FastifyInstance, health: Health): void => {
  const { answers, readiness, metrics, readyWithinMs } = health
  let behindSince: number | undefined

  const answersCheck = async (): Promise<ReadinessCheck> => {
    const behind = await answers.behind()
    const now = performance.now()
    behindSince = behind.length === 0 ? undefined : (behindSince ?? now)
    const lateMs = behindSince === undefined ? 0 : now - behindSince
    const detail =
      behind.length === 0 ? 'at the end' : `${behind.length} partitions are behind for ${Math.round(lateMs)} ms`
    return { name: 'gateway/answers', isReady: lateMs <= readyWithinMs, detail }
  }

  healthRoutes(app, { checks: { 'gateway/answers': async () => [await answersCheck()], readiness }, metrics })

  const asyncApi = asyncapiDocument()
  app.get('/asyncapi.json', hidden, async () => asyncApi)

  app.get<{ Params: { code: string } }>('/problems/:code', hidden, async (request, reply) => {
    const { code } = request.params
    const entry = problemEntry(code)
    if (!entry) throw new ProblemError('not-found', 'There is no problem of this code.')
    return reply.send({ code, ...entry, documentation: 'docs/reference/problems.md' })
  })
}

/** Of any process; `checks` by the name that is given for one that fails. */
export const healthRoutes = (
  app: FastifyInstance,
  { checks, metrics }: { readonly checks: Readonly<Record<string, Check>>; readonly metrics: Metrics | undefined }
): void => {
  app.get('/livez', hidden, async () => ({ status: 'alive' }))

  app.get('/readyz', hidden, async (_request, reply) => {
    const found: ReadinessCheck[] = []
    for (const [name, check] of Object.entries(checks)) found.push(...(await safely(name, check)))
    const isReady = found.every(check => check.isReady)
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not-ready', checks: found })
  })

  app.get('/metrics', hidden, async (_request, reply) => {
    if (!metrics) throw new ProblemError('not-found', 'This process keeps no metrics.')
    return reply.type(metrics.contentType).send(await metrics.page())
  })
}

type Check = () => Promise<readonly ReadinessCheck[]>

const hidden = { schema: { hide: true } }

const safely = async (name: string, check: Check): Promise<readonly ReadinessCheck[]> => {
  try {
    return await check()
  } catch (error) {
    return [{ name, isReady: false, detail: error instanceof Error ? error.message : 'it failed' }]
  }
}
