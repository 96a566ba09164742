/**
 * The gateway: the only HTTP of the system. It checks who asks and the shape of what is asked, turns it into commands on the
 * log, waits a bounded time for what is decided, and reads the read models. It decides nothing, so several may run side by
 * side, and one that dies loses nothing: a call that got no answer is repeated with its Idempotency-Key.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import underPressure from '@fastify/under-pressure'
import Fastify, { type FastifyBaseLogger } from 'fastify'
import { createRemoteJWKSet } from 'jose'
import Type from 'typebox'
import { getCommand } from '../projections/commands/query.ts'
import { topics } from '../schemas/topics.ts'
import type { Api, ApiContext } from './api/context.ts'
import { gridReadingOperations } from './api/grid-reading.ts'
import { networkOperations } from './api/networks.ts'
import { offerOperations } from './api/offers.ts'
import { operationalRoutes } from './api/operations.ts'
import { podOperations } from './api/pods.ts'
import { pomAssignmentOperations } from './api/pom-assignments.ts'
import { readingOperations } from './api/reading.ts'
import { requestOperations } from './api/requests.ts'
import { components } from './api/schemas.ts'
import { technicalOutcomeOperations } from './api/technical-outcome.ts'
import { unavailabilityOperations } from './api/unavailabilities.ts'
import type { TokenChecks } from './auth/access-token.ts'
import { authentication, within } from './auth/authenticate.ts'
import { type EmbeddedIssuer, embeddedIssuer } from './auth/embedded-issuer.ts'
import { callsInHand } from './calls-in-hand.ts'
import { answerReader } from './commands/answer-reader.ts'
import { type Outcome, type Submit, submitter } from './commands/submit.ts'
import { bodyReaders } from './json/body-readers.ts'
import { parseJsonBodies } from './json/json-body.ts'
import { type GatewayLimits, limitsDefault } from './limits.ts'
import { measure } from './measure.ts'
import { openApiOptions } from './openapi.ts'
import type { GatewayOptions } from './options.ts'
import { ProblemError, problemHandler } from './problem-reply.ts'
import { validatedOutcomeStream } from './stream/validated-outcomes.ts'
import { schemaCompiler } from './validation.ts'

export interface Gateway {
  /** For tests: `inject` needs no socket. */
  readonly app: Api
  /** Resolves with the address. */
  listen(at: { readonly host: string; readonly port: number }): Promise<string>
  /** Somebody waits for an answer of this gateway. */
  isAnswering(): boolean
  /** Ends streams, lets calls in hand finish, stops the readers. */
  close(): Promise<void>
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

export const createGateway = async (options: GatewayOptions): Promise<Gateway> => {
  const limits: GatewayLimits = { ...limitsDefault, ...options.limits }
  const { log, db, publicUrl } = options
  const logger: FastifyBaseLogger | undefined = options.logger
  const identity = await identityOf(options)

  const app: Api = Fastify({
    ...(logger ? { loggerInstance: logger } : {}),
    genReqId: () => randomUUID(),
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestMs,
    trustProxy: (_address, hop) => hop < (options.trustedProxies ?? 0),
    routerOptions: { maxParamLength: 200 },
    exposeHeadRoutes: false,
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    frameworkErrors: problemHandler(publicUrl)
  }).withTypeProvider<TypeBoxTypeProvider>()

  for (const schema of components) app.addSchema(schema)
  app.setValidatorCompiler(schemaCompiler(components))
  // What is sent is made by the views and checked against the described answers by tests; nothing is cut off silently.
  app.setSerializerCompiler(() => value => JSON.stringify(value))
  app.setErrorHandler(problemHandler(publicUrl))
  app.setNotFoundHandler(request => {
    throw new ProblemError('unknown-route', `There is no ${request.method} ${request.url.split('?')[0]}.`)
  })
  parseJsonBodies(app, limits.bodyBytesMax, bodyReaders(components))
  // JSON only: text that happens to parse is refused like any other media type.
  app.removeContentTypeParser('text/plain')

  const outboxes = [topics['flex.registry.events'], topics['flex.market.events'], topics['flex.grid.events']]
  const answers = answerReader(log, outboxes, (error, at) =>
    app.log.error({ err: error, ...at }, 'a reader of answers failed and tries again')
  )
  const submit: Submit = submitter({
    log,
    answers,
    salt: options.salt,
    now: () => options.clock.now(),
    limits,
    earlier: async (command, actor) => earlierOutcome(await getCommand(db, command, actor))
  })
  const context: ApiContext = { submit, db, publicUrl, newKey: options.newKey ?? randomUUID }

  await app.register(helmet, { contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } })
  await app.register(rateLimit, { global: false })
  if (limits.eventLoopDelayMsMax > 0)
    await app.register(underPressure, { maxEventLoopDelay: limits.eventLoopDelayMsMax, retryAfter: 5 })
  if (options.metrics) measure(app, options.metrics, answers)
  await app.register(swagger, openApiOptions(publicUrl, version))
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true })
  const { issuer } = identity
  if (issuer)
    await app.register(async plugin => {
      const guesses = plugin.createRateLimit({
        max: limits.tokensPerMinuteOfAddress,
        timeWindow: 60_000,
        keyGenerator: request => `token ${request.ip}`
      })
      plugin.addHook('onRequest', request => within(guesses, request))
      await issuer.routes(plugin)
    })

  operationalRoutes(app, {
    answers,
    readiness: options.readiness ?? (async () => []),
    metrics: options.metrics,
    readyWithinMs: limits.readyWithinMs
  })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())

  const calls = callsInHand()
  let closeStreams = (): void => undefined
  await app.register(async plugin => {
    const api: Api = plugin.withTypeProvider<TypeBoxTypeProvider>()
    calls.watch(plugin)
    authentication(plugin, identity.checks, limits)
    // An operation that has no parameters refuses all.
    plugin.addHook('onRoute', ({ schema }) => {
      if (schema) schema.querystring ??= Type.Object({})
    })
    podOperations(api, context)
    pomAssignmentOperations(api, context)
    offerOperations(api, context)
    requestOperations(api, context)
    unavailabilityOperations(api, context)
    technicalOutcomeOperations(api, context)
    networkOperations(api, context)
    readingOperations(api, context)
    gridReadingOperations(api, context)
    const streams = validatedOutcomeStream(api, { log, limits, operators: options.operators })
    closeStreams = () => streams.closeAll()
  })

  await answers.start()
  await app.ready()
  const cutWhenIdle = idleConnections(app.server)
  return {
    app,
    isAnswering: () => calls.any(),
    listen: ({ host, port }) => app.listen({ host, port }),
    async close() {
      closeStreams()
      const stopCutting = cutWhenIdle()
      await app.close().finally(stopCutting)
      await answers.stop()
    }
  }
}

/** How soon a stopping gateway notices that its last call was answered, ms. */
const idleLookMs = 50

/**
 * Node.js takes a connection on which nothing was asked yet for a busy one, and waits a minute for its first request; browsers
 * and proxies open such connections ahead. So a stopping gateway cuts all connections as soon as no call is open.
 */
const idleConnections = (server: Server) => {
  let calls = 0
  server.on('request', (_request, response) => {
    calls++
    response.once('close', () => calls--)
  })
  return (): (() => void) => {
    const look = setInterval(() => {
      if (calls === 0) server.closeAllConnections()
    }, idleLookMs)
    return () => clearInterval(look)
  }
}

const identityOf = async ({
  profile,
  identity,
  publicUrl,
  audience
}: GatewayOptions): Promise<{ checks: TokenChecks; issuer?: EmbeddedIssuer }> => {
  const now = () => Date.now()
  if (identity.kind === 'external') {
    const keys = createRemoteJWKSet(new URL(identity.jwksUrl))
    return { checks: { issuer: identity.issuer, audience, keys, now } }
  }
  if (profile !== 'embedded')
    throw new Error('Development clients exist in the embedded profile only: configure an issuer (FLEX_ISSUER_URL).')
  const issuer = await embeddedIssuer({ issuer: publicUrl, audience, clients: identity.clients })
  return { checks: { issuer: publicUrl, audience, keys: issuer.keys, now }, issuer }
}

const earlierOutcome = (earlier: Awaited<ReturnType<typeof getCommand>>): Outcome | undefined => {
  if (!earlier) return undefined
  const { id: command, status, position, reasons } = earlier
  return status === 'refused' ? { status, command, reasons } : { status: 'accepted', command, position }
}
