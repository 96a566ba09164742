/** What the built-in grid operator knows and says (DTP-PF-02, DTP-PF-08, UI-DTP-02): for the operator whose grid it is. */
import Type from 'typebox'
import {
  getNetwork,
  getTechnicalValidation,
  gridAssessments,
  listAlarms,
  listForecasts,
  listNetworks,
  listNetworkVersions,
  listProposals
} from '../../projections/grid-state/query.ts'
import { type Access, type Api, type ApiContext, principalOf } from './context.ts'
import * as view from './grid-views.ts'
import { GridSessionParams, PomParams } from './network-schemas.ts'
import { reads } from './operation.ts'
import { answerFound, answerRead, given, pageRequest, pageView } from './read.ts'
import { listOf } from './read-schemas.ts'
import { PageQuery } from './schemas.ts'

const access: Access = { scope: 'grid:read', roles: ['dso', 'administrator'] }
const Paged = Type.Object(PageQuery)

export const gridReadingOperations = (app: Api, { db }: ApiContext): void => {
  const networks = 'Networks'

  app.route({
    method: 'GET',
    url: '/v1/networks',
    config: { access },
    schema: {
      ...reads({ id: 'listNetworks', tag: networks, summary: 'List networks', access }, listOf(view.NetworkView)),
      querystring: Paged
    },
    handler: async (request, reply) => {
      const visibleTo = principalOf(request).actor
      const page = await listNetworks(db, { visibleTo, ...pageRequest(request.query) })
      return answerRead(request, reply, pageView(page, view.networkView))
    }
  })

  app.route({
    method: 'GET',
    url: '/v1/networks/:pom',
    config: { access },
    schema: {
      ...reads(
        { id: 'getNetwork', tag: networks, summary: 'Read the version of a network that holds', access },
        view.NetworkView
      ),
      params: PomParams
    },
    handler: async (request, reply) => {
      const network = await getNetwork(db, request.params.pom, principalOf(request).actor)
      return answerFound(request, reply, network && view.networkView(network))
    }
  })

  app.route({
    method: 'GET',
    url: '/v1/networks/:pom/versions',
    config: { access },
    schema: {
      ...reads(
        { id: 'listNetworkVersions', tag: networks, summary: 'List the versions of a network, newest first', access },
        listOf(view.NetworkView)
      ),
      params: PomParams,
      querystring: Paged
    },
    handler: async (request, reply) => {
      const visibleTo = principalOf(request).actor
      const { pom } = request.params
      const page = await listNetworkVersions(db, { pom, visibleTo, ...pageRequest(request.query) })
      return answerRead(request, reply, pageView(page, view.networkView))
    }
  })

  const grid = 'Grid state (flows 2c, 4)'

  app.route({
    method: 'GET',
    url: '/v1/sessions/:sessionId/grid-state',
    config: { access },
    schema: {
      ...reads(
        {
          id: 'readGridState',
          tag: grid,
          summary: 'Read the grid in each quarter-hour of a session',
          description: 'Empty where the built-in grid operator has no network.',
          access
        },
        listOf(view.GridStateView)
      ),
      params: GridSessionParams
    },
    handler: async (request, reply) => {
      const found = await gridAssessments(db, request.params.sessionId, principalOf(request).actor)
      return answerRead(request, reply, { items: found.map(view.gridStateView) })
    }
  })

  app.route({
    method: 'GET',
    url: '/v1/sessions/:sessionId/technical-validation',
    config: { access },
    schema: {
      ...reads(
        {
          id: 'getTechnicalValidation',
          tag: grid,
          summary: 'Read what the built-in grid operator judged (flow 4)',
          access
        },
        view.TechnicalValidationView
      ),
      params: GridSessionParams
    },
    handler: async (request, reply) => {
      const found = await getTechnicalValidation(db, request.params.sessionId, principalOf(request).actor)
      return answerFound(request, reply, found && view.validationView(found))
    }
  })

  app.route({
    method: 'GET',
    url: '/v1/sessions/:sessionId/alarms',
    config: { access },
    schema: {
      ...reads(
        { id: 'listAlarms', tag: grid, summary: 'List the limits that will break, and what can help', access },
        listOf(view.AlarmView)
      ),
      params: GridSessionParams,
      querystring: Type.Object({ ...PageQuery, stage: Type.Optional(Type.Enum(['forecast', 'validated'])) })
    },
    handler: async (request, reply) => {
      const { limit, cursor, ...filters } = request.query
      const visibleTo = principalOf(request).actor
      const { sessionId } = request.params
      const asked = { visibleTo, sessionId, ...pageRequest({ limit, cursor }), ...given(filters) }
      return answerRead(request, reply, pageView(await listAlarms(db, asked), view.alarmView))
    }
  })

  app.route({
    method: 'GET',
    url: '/v1/sessions/:sessionId/forecasts',
    config: { access },
    schema: {
      ...reads(
        {
          id: 'listForecasts',
          tag: grid,
          summary: 'List the forecasts that a session was assessed with',
          description: 'Of each secondary substation without flexibility, and of each measured element.',
          access
        },
        listOf(view.ForecastView)
      ),
      params: GridSessionParams,
      querystring: Paged
    },
    handler: async (request, reply) => {
      const visibleTo = principalOf(request).actor
      const { sessionId } = request.params
      const page = await listForecasts(db, { visibleTo, sessionId, ...pageRequest(request.query) })
      return answerRead(request, reply, pageView(page, view.forecastView))
    }
  })

  app.route({
    method: 'GET',
    url: '/v1/sessions/:sessionId/proposals',
    config: { access },
    schema: {
      ...reads(
        { id: 'listProposals', tag: grid, summary: 'List the requests that wait for an operator', access },
        listOf(view.ProposalView)
      ),
      params: GridSessionParams,
      querystring: Type.Object({
        ...PageQuery,
        status: Type.Optional(Type.Enum(['waiting', 'sent', 'dropped']))
      })
    },
    handler: async (request, reply) => {
      const { limit, cursor, ...filters } = request.query
      const visibleTo = principalOf(request).actor
      const { sessionId } = request.params
      const asked = { visibleTo, sessionId, ...pageRequest({ limit, cursor }), ...given(filters) }
      return answerRead(request, reply, pageView(await listProposals(db, asked), view.proposalView))
    }
  })
}
