/**
 * Reading (flows 0B, 3, 5): every list and every single thing of the read models, each asked for the caller and for nobody
 * else. What a caller may not see is left out by the query itself, and a single thing that it may not see is not found.
 */
import Type from 'typebox'
import { getCommand } from '../../projections/commands/query.ts'
import { listMarketOutcome, listRequestOutcomes, listValidatedOutcome } from '../../projections/outcomes/query.ts'
import { getPod, listPods, podHistory } from '../../projections/pods/query.ts'
import { getOffer, getRequest, listOffers, listRequests } from '../../projections/services/query.ts'
import { getSession, listSessions } from '../../projections/sessions/query.ts'
import { type Access, type Api, type ApiContext, principalOf } from './context.ts'
import { reads } from './operation.ts'
import { outcomePage } from './outcome-page.ts'
import { answerBytes, answerFound, answerRead, given, pageRequest, pageView } from './read.ts'
import * as view from './read-schemas.ts'
import { CommandParams, Id, OfferParams, PageQuery, PodParams, RequestParams, SessionParams } from './schemas.ts'
import * as views from './views.ts'

const everyone = ['aggregator', 'dso', 'tso', 'administrator'] as const
const podsAccess: Access = { scope: 'pods:read', roles: everyone }
const marketAccess: Access = { scope: 'market:read', roles: everyone }
const offersAccess: Access = { scope: 'market:read', roles: ['aggregator', 'dso', 'administrator'] }
const requestsAccess: Access = { scope: 'market:read', roles: ['dso', 'tso', 'administrator'] }

const Paged = Type.Object(PageQuery)
const status = Type.Optional(Type.Enum(['placed', 'withdrawn']))

export const readingOperations = (app: Api, { db }: ApiContext): void => {
  const pods = 'Points of delivery (flow 0)'

  app.route({
    method: 'GET',
    url: '/v1/pods',
    config: { access: podsAccess },
    schema: {
      ...reads(
        { id: 'listPods', tag: pods, summary: 'List points of delivery (flow 0B)', access: podsAccess },
        view.listOf(view.PodSummaryView)
      ),
      querystring: Type.Object({
        ...PageQuery,
        pom: Type.Optional(Id),
        aggregatorId: Type.Optional(Id),
        status: Type.Optional(Type.Enum(['registered', 'ceased'])),
        assigned: Type.Optional(Type.Boolean({ description: 'Only those with (without) a place in the grid.' }))
      })
    },
    handler: async (request, reply) => {
      const { limit, cursor, ...filters } = request.query
      const visibleTo = principalOf(request).actor
      const page = await listPods(db, { visibleTo, ...pageRequest({ limit, cursor }), ...given(filters) })
      return answerRead(request, reply, pageView(page, views.podSummaryView))
    }
  })

  app.route({
    method: 'GET',
    url: '/v1/pods/:pod',
    config: { access: podsAccess },
    schema: {
      ...reads({ id: 'getPod', tag: pods, summary: 'Read a point of delivery', access: podsAccess }, view.PodView),
      params: PodParams
    },
    handler: async (request, reply) => {
      const pod = await getPod(db, request.params.pod, principalOf(request).actor)
      return answerFound(request, reply, pod && views.podView(pod))
    }
  })

  app.route({
    method: 'GET',
    url: '/v1/pods/:pod/places',
    config: { access: podsAccess },
    schema: {
      ...reads(
        { id: 'listPlacesOfPod', tag: pods, summary: 'Read all places of a point of delivery', access: podsAccess },
        view.listOf(view.PlaceView)
      ),
      params: PodParams
    },
    handler: async (request, reply) => {
      const places = await podHistory(db, request.params.pod, principalOf(request).actor)
      return answerFound(request, reply, places && { items: places.map(views.placeView) })
    }
  })

  const sessions = 'Sessions'

  app.route({
    method: 'GET',
    url: '/v1/sessions',
    config: { access: marketAccess },
    schema: {
      ...reads(
        { id: 'listSessions', tag: sessions, summary: 'List market sessions', access: marketAccess },
        view.listOf(view.SessionView)
      ),
      querystring: Type.Object({
        ...PageQuery,
        date: Type.Optional(Type.String({ format: 'date' })),
        pom: Type.Optional(Id),
        type: Type.Optional(Type.Enum(['dayAhead', 'realTime'])),
        status: Type.Optional(Type.Enum(['open', 'cleared', 'validated', 'notValidated']))
      })
    },
    handler: async (request, reply) => {
      const { limit, cursor, ...filters } = request.query
      const visibleTo = principalOf(request).actor
      const page = await listSessions(db, {
        visibleTo,
        ...pageRequest({ limit, cursor }),
        ...given(filters)
      })
      return answerRead(request, reply, pageView(page, views.sessionView))
    }
  })

  app.route({
    method: 'GET',
    url: '/v1/sessions/:sessionId',
    config: { access: marketAccess },
    schema: {
      ...reads({ id: 'getSession', tag: sessions, summary: 'Read a session', access: marketAccess }, view.SessionView),
      params: SessionParams
    },
    handler: async (request, reply) => {
      const session = await getSession(db, request.params.sessionId, principalOf(request).actor)
      return answerFound(request, reply, session && views.sessionView(session))
    }
  })

  const offers = 'Offers (flow 2a)'

  app.route({
    method: 'GET',
    url: '/v1/sessions/:sessionId/offers',
    config: { access: offersAccess },
    schema: {
      ...reads(
        {
          id: 'listOffers',
          tag: offers,
          summary: 'List the offers of a session',
          description: 'A DSO sees offers once the session is cleared.',
          access: offersAccess
        },
        view.listOf(view.OfferView)
      ),
      params: SessionParams,
      querystring: Type.Object({ ...PageQuery, aggregatorId: Type.Optional(Id), status })
    },
    handler: async (request, reply) => {
      const { limit, cursor, ...filters } = request.query
      const { sessionId } = request.params
      const visibleTo = principalOf(request).actor
      const asked = { visibleTo, sessionId, ...pageRequest({ limit, cursor }), ...given(filters) }
      return answerRead(request, reply, pageView(await listOffers(db, asked), views.offerView))
    }
  })

  app.route({
    method: 'GET',
    url: '/v1/sessions/:sessionId/offers/:offerId',
    config: { access: offersAccess },
    schema: {
      ...reads({ id: 'getOffer', tag: offers, summary: 'Read an offer', access: offersAccess }, view.OfferView),
      params: OfferParams
    },
    handler: async (request, reply) => {
      const offer = await getOffer(db, request.params, principalOf(request).actor)
      return answerFound(request, reply, offer && views.offerView(offer))
    }
  })

  const requests = 'Requests (flows 2b, 2c)'

  app.route({
    method: 'GET',
    url: '/v1/sessions/:sessionId/requests',
    config: { access: requestsAccess },
    schema: {
      ...reads(
        { id: 'listRequests', tag: requests, summary: 'List the requests of a session', access: requestsAccess },
        view.listOf(view.RequestView)
      ),
      params: SessionParams,
      querystring: Type.Object({ ...PageQuery, status })
    },
    handler: async (request, reply) => {
      const { limit, cursor, ...filters } = request.query
      const { sessionId } = request.params
      const visibleTo = principalOf(request).actor
      const asked = { visibleTo, sessionId, ...pageRequest({ limit, cursor }), ...given(filters) }
      return answerRead(request, reply, pageView(await listRequests(db, asked), views.requestView))
    }
  })

  app.route({
    method: 'GET',
    url: '/v1/sessions/:sessionId/requests/:requestId',
    config: { access: requestsAccess },
    schema: {
      ...reads(
        { id: 'getRequest', tag: requests, summary: 'Read a request', access: requestsAccess },
        view.RequestView
      ),
      params: RequestParams
    },
    handler: async (request, reply) => {
      const found = await getRequest(db, request.params, principalOf(request).actor)
      return answerFound(request, reply, found && views.requestView(found))
    }
  })

  const outcomes = 'Outcomes (flows 3, 5)'

  app.route({
    method: 'GET',
    url: '/v1/sessions/:sessionId/market-outcome',
    config: { access: marketAccess },
    schema: {
      ...reads(
        {
          id: 'listMarketOutcome',
          tag: outcomes,
          summary: 'Read the market outcome (flow 3), by rank',
          access: marketAccess
        },
        view.listOf(view.MarketOutcomeView)
      ),
      params: SessionParams,
      querystring: Paged
    },
    handler: async (request, reply) => {
      const { limit, cursor } = request.query
      const { sessionId } = request.params
      const visibleTo = principalOf(request).actor
      const asked = { visibleTo, sessionId, ...pageRequest({ limit, cursor }) }
      return answerBytes(request, reply, outcomePage(await listMarketOutcome(db, asked), views.marketOutcomeParts))
    }
  })

  app.route({
    method: 'GET',
    url: '/v1/sessions/:sessionId/validated-outcome',
    config: { access: marketAccess },
    schema: {
      ...reads(
        {
          id: 'listValidatedOutcome',
          tag: outcomes,
          summary: 'Read the validated outcome (flow 5), by rank',
          access: marketAccess
        },
        view.listOf(view.ValidatedOutcomeView)
      ),
      params: SessionParams,
      querystring: Paged
    },
    handler: async (request, reply) => {
      const { limit, cursor } = request.query
      const { sessionId } = request.params
      const visibleTo = principalOf(request).actor
      const asked = { visibleTo, sessionId, ...pageRequest({ limit, cursor }) }
      return answerBytes(
        request,
        reply,
        outcomePage(await listValidatedOutcome(db, asked), views.validatedOutcomeParts)
      )
    }
  })

  app.route({
    method: 'GET',
    url: '/v1/sessions/:sessionId/request-outcomes',
    config: { access: requestsAccess },
    schema: {
      ...reads(
        {
          id: 'listRequestOutcomes',
          tag: outcomes,
          summary: 'Read what became of requests (flow 5)',
          access: requestsAccess
        },
        view.listOf(view.RequestOutcomeView)
      ),
      params: SessionParams,
      querystring: Type.Object({ ...PageQuery, stage: Type.Optional(Type.Enum(['market', 'validated'])) })
    },
    handler: async (request, reply) => {
      const { limit, cursor, ...filters } = request.query
      const { sessionId } = request.params
      const visibleTo = principalOf(request).actor
      const asked = { visibleTo, sessionId, ...pageRequest({ limit, cursor }), ...given(filters) }
      return answerRead(request, reply, pageView(await listRequestOutcomes(db, asked), views.requestOutcomeView))
    }
  })

  app.route({
    method: 'GET',
    url: '/v1/commands/:commandId',
    config: { access: marketAccess },
    schema: {
      ...reads(
        {
          id: 'getCommand',
          tag: 'Commands',
          summary: 'Read what became of a command',
          description: 'Not found means: not decided yet, or not yours.',
          access: marketAccess
        },
        view.CommandView
      ),
      params: CommandParams
    },
    handler: async (request, reply) => {
      const command = await getCommand(db, request.params.commandId, principalOf(request).actor)
      return answerFound(request, reply, command && views.commandView(command))
    }
  })
}
