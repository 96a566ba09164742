/** Flows 2b and 2c: what the system operators ask for. The side is the caller's role; a caller cannot ask for another. */
import type { Static } from 'typebox'
import type { PlaceRequest } from '../../schemas/generated.ts'
import type { CallingActor } from '../auth/principal.ts'
import { answerBody, answerOne, submitAll } from '../commands/answer.ts'
import { type Access, type Api, type ApiContext, principalOf } from './context.ts'
import * as examples from './examples.ts'
import { sameId } from './offers.ts'
import { oneOrMany, withExample, writesMany, writesOne } from './operation.ts'
import { FlexRequest, RequestParams, SessionParams } from './schemas.ts'
import { pomOf } from './session-id.ts'
import { run } from './time.ts'

const access: Access = { scope: 'requests:write', roles: ['dso', 'tso'] }
/** One per feeder and quantity would be some hundred; a body of 8 MiB holds about as many with long PoD lists. */
const requestsMax = 1_000

export const requestOperations = (app: Api, context: ApiContext): void => {
  const tag = 'Requests (flows 2b, 2c)'

  app.route({
    method: 'POST',
    url: '/v1/sessions/:sessionId/requests',
    config: { access },
    schema: {
      ...writesMany({ id: 'placeRequests', tag, summary: 'Ask for flexibility', access }),
      params: SessionParams,
      body: oneOrMany(FlexRequest, requestsMax, [[examples.flexRequest]])
    },
    handler: async (request, reply) => {
      const { sessionId } = request.params
      const { actor } = principalOf(request)
      const submissionOf = (body: Static<typeof FlexRequest>) => ({
        id: body.requestId,
        command: requestCommand(sessionId, body, actor, false)
      })
      const createdAt = (id: string) => `/v1/sessions/${sessionId}/requests/${encodeURIComponent(id)}`
      return answerBody(context, request, reply, request.body, submissionOf, createdAt)
    }
  })

  app.route({
    method: 'PUT',
    url: '/v1/sessions/:sessionId/requests/:requestId',
    config: { access },
    schema: {
      ...writesOne({ id: 'replaceRequest', tag, summary: 'Replace a request of the open session', access }),
      params: RequestParams,
      body: withExample(FlexRequest, examples.flexRequest)
    },
    handler: async (request, reply) => {
      const { sessionId, requestId } = request.params
      sameId('/requestId', request.body.requestId, requestId)
      const command = requestCommand(sessionId, request.body, principalOf(request).actor, true)
      const [outcome] = await submitAll(context, request, reply, [{ id: requestId, command }])
      return answerOne(context, request, reply, requestId, outcome!)
    }
  })

  app.route({
    method: 'DELETE',
    url: '/v1/sessions/:sessionId/requests/:requestId',
    config: { access },
    schema: {
      ...writesOne({ id: 'withdrawRequest', tag, summary: 'Withdraw a request of the open session', access }),
      params: RequestParams
    },
    handler: async (request, reply) => {
      const { sessionId, requestId } = request.params
      const by = principalOf(request).actor
      const command = { type: 'WithdrawRequest', pom: pomOf(sessionId), sessionId, requestId, by } as const
      const [outcome] = await submitAll(context, request, reply, [{ id: requestId, command }])
      return answerOne(context, request, reply, requestId, outcome!)
    }
  })
}

const requestCommand = (
  sessionId: string,
  { profile, priceLimit = null, ...rest }: Static<typeof FlexRequest>,
  by: CallingActor,
  replaces: boolean
): PlaceRequest => ({
  type: 'PlaceRequest',
  pom: pomOf(sessionId),
  sessionId,
  by,
  side: by.role === 'tso' ? 'TSO' : 'DSO',
  ...rest,
  profile: profile.map(({ start, end, quantity }) => ({ ...run({ start, end }), quantity })),
  priceLimit,
  replaces
})
