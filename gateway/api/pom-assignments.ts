/** Flow 0A: the grid operator says under which primary substation a point of delivery sits. */
import type { Static } from 'typebox'
import { answerBody } from '../commands/answer.ts'
import { type Access, type Api, type ApiContext, principalOf } from './context.ts'
import * as examples from './examples.ts'
import { oneOrMany, writesMany } from './operation.ts'
import { PomAssignment } from './schemas.ts'
import { instant } from './time.ts'

const access: Access = { scope: 'pom:write', roles: ['dso', 'administrator'] }

export const pomAssignmentOperations = (app: Api, context: ApiContext): void => {
  app.route({
    method: 'POST',
    url: '/v1/pom-assignments',
    config: { access },
    schema: {
      ...writesMany({
        id: 'assignPoms',
        tag: 'Places in the grid (flow 0A)',
        summary: 'Assign points of delivery to primary substations',
        access
      }),
      body: oneOrMany(PomAssignment, 5_000, [[examples.pomAssignment]])
    },
    handler: async (request, reply) => {
      const by = principalOf(request).actor
      const submissionOf = ({ pod, place, from }: Static<typeof PomAssignment>) => {
        const { dsoId, pom, feeder = null, secondarySubstation = null } = place
        return {
          id: pod,
          command: {
            type: 'AssignPom',
            pod,
            by,
            place: { dsoId, pom, feeder, secondarySubstation },
            from: from === undefined ? null : instant(from)
          } as const
        }
      }
      return answerBody(context, request, reply, request.body, submissionOf, pod => `/v1/pods/${pod}/places`)
    }
  })
}
