/**
 * Flow 4: the technical outcome of the grid operator. A large one comes in several calls, the last with `complete: true`.
 * The session is finalised only if every verdict of the call was accepted: verdicts that were refused would otherwise count
 * as not given, and the `unmentioned` verdict would silently take their place.
 */
import type { Static } from 'typebox'
import type { MarketCommand } from '../../schemas/generated.ts'
import { type AnswerItem, answerItem, answerItems, submitAll } from '../commands/answer.ts'
import type { Outcome } from '../commands/submit.ts'
import { type Access, type Api, type ApiContext, principalOf } from './context.ts'
import * as examples from './examples.ts'
import { withExample, writesMany } from './operation.ts'
import { SessionParams, TechnicalOutcome } from './schemas.ts'
import { pomOf } from './session-id.ts'
import { run } from './time.ts'

const access: Access = { scope: 'technical-outcome:write', roles: ['dso'] }

export const technicalOutcomeOperations = (app: Api, context: ApiContext): void => {
  app.route({
    method: 'POST',
    url: '/v1/sessions/:sessionId/technical-outcome',
    config: { access },
    schema: {
      ...writesMany({
        id: 'sendTechnicalOutcome',
        tag: 'Technical outcome (flow 4)',
        summary: 'Judge the accepted services and finalise the session',
        description:
          'With `complete: true` the last item is the session itself; it is `not-sent` unless all verdicts are accepted.',
        access
      }),
      params: SessionParams,
      body: withExample(TechnicalOutcome, examples.technicalOutcome)
    },
    handler: async (request, reply) => {
      const { sessionId } = request.params
      const { marketOutcomeId, verdicts, unmentioned, complete } = request.body
      const session = { pom: pomOf(sessionId), sessionId, marketOutcomeId, by: principalOf(request).actor }

      const judged = verdicts.map(({ offerId, intervals }) => ({
        id: offerId,
        command: {
          type: 'JudgeService',
          ...session,
          offerId,
          verdicts: intervals.map(verdictOf)
        } satisfies MarketCommand
      }))
      const outcomes = await submitAll(context, request, reply, judged)
      const items: AnswerItem[] = outcomes.map((outcome, index) =>
        answerItem(context.publicUrl, index, judged[index]!.id, inCallersTerms(outcome))
      )
      if (!complete) return answerItems(context, request, reply, items)

      const index = items.length
      if (items.some(({ status }) => status !== 'accepted'))
        return answerItems(context, request, reply, [...items, { index, id: sessionId, status: 'not-sent' }])
      const command = { type: 'CompleteTechnicalOutcome', ...session, unmentioned } as const
      const [outcome] = await submitAll(context, request, reply, [{ id: sessionId, command }], '/complete')
      return answerItems(context, request, reply, [...items, answerItem(context.publicUrl, index, sessionId, outcome!)])
    }
  })
}

type Verdict = Static<typeof TechnicalOutcome>['verdicts'][number]['intervals'][number]

const verdictOf = ({ start, end, verdict, quantity = 0 }: Verdict) => ({ ...run({ start, end }), verdict, quantity })

/** The market calls them verdicts; the caller sent intervals of a verdict. */
const inCallersTerms = (outcome: Outcome): Outcome =>
  outcome.status === 'refused'
    ? {
        ...outcome,
        reasons: outcome.reasons.map(one => ({ ...one, path: one.path.replace(/^\/verdicts/, '/intervals') }))
      }
    : outcome
