/** A point of delivery cannot deliver, whatever was accepted (T-19): its aggregator says so as soon as it knows. */
import type { Static } from 'typebox'
import { answerBody } from '../commands/answer.ts'
import { type Access, type Api, type ApiContext, principalOf } from './context.ts'
import * as examples from './examples.ts'
import { oneOrMany, writesMany } from './operation.ts'
import { Unavailability } from './schemas.ts'
import { instant } from './time.ts'

const access: Access = { scope: 'offers:write', roles: ['aggregator'] }

export const unavailabilityOperations = (app: Api, context: ApiContext): void => {
  app.route({
    method: 'POST',
    url: '/v1/unavailabilities',
    config: { access },
    schema: {
      ...writesMany({
        id: 'declareUnavailabilities',
        tag: 'Unavailability',
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
}
