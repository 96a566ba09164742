/**
 * A point of delivery cannot deliver, whatever was accepted (T-19): its aggregator says so as soon as it knows, and its grid
 * operator reads it.
 */
import Type, { type Static } from 'typebox'
import { listUnavailabilities } from '../../projections/places/query.ts'
import { answerBody } from '../commands/answer.ts'
import { type Access, type Api, type ApiContext, principalOf } from './context.ts'
import * as examples from './examples.ts'
import { oneOrMany, reads, writesMany } from './operation.ts'
import { answerRead, given, pageRequest, pageView } from './read.ts'
import { listOf, UnavailabilityView } from './read-schemas.ts'
import { Id, PageQuery, PodCode, Unavailability } from './schemas.ts'
import { instant } from './time.ts'
import { unavailabilityView } from './views.ts'

const access: Access = { scope: 'offers:write', roles: ['aggregator'] }
const readAccess: Access = { scope: 'market:read', roles: ['aggregator', 'dso', 'administrator'] }
const tag = 'Unavailability'

export const unavailabilityOperations = (app: Api, context: ApiContext): void => {
  app.route({
    method: 'POST',
    url: '/v1/unavailabilities',
    config: { access },
    schema: {
      ...writesMany({
        id: 'declareUnavailabilities',
        tag,
        summary: 'Declare points of delivery unable to deliver',
        access
      }),
      body: oneOrMany(Unavailability, 1_000, [examples.unavailability])
    },
    handler: async (request, reply) => {
      const by = principalOf(request).actor
      const submissionOf = ({ start, end, ...rest }: Static<typeof Unavailability>) => ({
        id: rest.pod,
        command: { type: 'DeclareUnavailability', by, ...rest, start: instant(start), end: instant(end) } as const
      })
      return answerBody(context, request, reply, request.body, submissionOf, pod => `/v1/pods/${pod}`)
    }
  })

  app.route({
    method: 'GET',
    url: '/v1/unavailabilities',
    config: { access: readAccess },
    schema: {
      ...reads(
        {
          id: 'listUnavailabilities',
          tag,
          summary: 'List when points of delivery cannot deliver',
          description: 'As declared, those that are over too; by point of delivery, then in time.',
          access: readAccess
        },
        listOf(UnavailabilityView)
      ),
      querystring: Type.Object({ ...PageQuery, pod: Type.Optional(PodCode), pom: Type.Optional(Id) })
    },
    handler: async (request, reply) => {
      const { limit, cursor, ...filters } = request.query
      const visibleTo = principalOf(request).actor
      const asked = { visibleTo, ...pageRequest({ limit, cursor }), ...given(filters) }
      return answerRead(request, reply, pageView(await listUnavailabilities(context.db, asked), unavailabilityView))
    }
  })
}
