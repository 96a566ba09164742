/** Flow 2a: single and flexible block offers of an aggregator, while the session is open. */
import type { Static } from 'typebox'
import type { MarketCommand } from '../../schemas/generated.ts'
import type { CallingActor } from '../auth/principal.ts'
import { answerBody, answerOne, submitAll } from '../commands/answer.ts'
import { InvalidRequest } from '../validation.ts'
import { type Access, type Api, type ApiContext, principalOf } from './context.ts'
import * as examples from './examples.ts'
import { oneOrMany, withExample, writesMany, writesOne } from './operation.ts'
import { Offer, OfferParams, SessionParams } from './schemas.ts'
import { pomOf } from './session-id.ts'
import { instant, run } from './time.ts'

const access: Access = { scope: 'offers:write', roles: ['aggregator'] }
/** The largest aggregator of the published runs sends 1,500. */
const offersMax = 5_000

export const offerOperations = (app: Api, context: ApiContext): void => {
  const tag = 'Offers (flow 2a)'

  app.route({
    method: 'POST',
    url: '/v1/sessions/:sessionId/offers',
    config: { access },
    schema: {
      ...writesMany({
        id: 'placeOffers',
        tag,
        summary: 'Offer flexibility',
        description: 'An id that is in the session is refused as a duplicate; PUT replaces it.',
        access
      }),
      params: SessionParams,
      body: oneOrMany(Offer, offersMax, [[examples.singleOffer, examples.blockOffer]])
    },
    handler: async (request, reply) => {
      const { sessionId } = request.params
      const { actor } = principalOf(request)
      const submissionOf = (offer: Static<typeof Offer>) => ({
        id: offer.offerId,
        command: offerCommand(sessionId, offer, actor, false)
      })
      const createdAt = (id: string) => offerPath(sessionId, id)
      return answerBody(context, request, reply, request.body, submissionOf, createdAt)
    }
  })

  app.route({
    method: 'PUT',
    url: '/v1/sessions/:sessionId/offers/:offerId',
    config: { access },
    schema: {
      ...writesOne({ id: 'replaceOffer', tag, summary: 'Replace an offer of the open session', access }),
      params: OfferParams,
      body: withExample(Offer, examples.singleOffer)
    },
    handler: async (request, reply) => {
      const { sessionId, offerId } = request.params
      sameId('/offerId', request.body.offerId, offerId)
      const command = offerCommand(sessionId, request.body, principalOf(request).actor, true)
      const [outcome] = await submitAll(context, request, reply, [{ id: offerId, command }])
      return answerOne(context, request, reply, offerId, outcome!)
    }
  })

  app.route({
    method: 'DELETE',
    url: '/v1/sessions/:sessionId/offers/:offerId',
    config: { access },
    schema: {
      ...writesOne({ id: 'withdrawOffer', tag, summary: 'Withdraw an offer of the open session', access }),
      params: OfferParams
    },
    handler: async (request, reply) => {
      const { sessionId, offerId } = request.params
      const by = principalOf(request).actor
      const command = { type: 'WithdrawOffer', pom: pomOf(sessionId), sessionId, offerId, by } as const
      const [outcome] = await submitAll(context, request, reply, [{ id: offerId, command }])
      return answerOne(context, request, reply, offerId, outcome!)
    }
  })
}

const offerPath = (sessionId: string, offerId: string): string =>
  `/v1/sessions/${sessionId}/offers/${encodeURIComponent(offerId)}`

export const sameId = (path: string, inBody: string, inPath: string): void => {
  if (inBody === inPath) return
  throw new InvalidRequest([{ code: 'bad-value', path, detail: `The path names ${inPath}.` }])
}

const offerCommand = (
  sessionId: string,
  offer: Static<typeof Offer>,
  by: CallingActor,
  replaces: boolean
): MarketCommand => {
  const pom = pomOf(sessionId)
  if (offer.type === 'single') {
    const { type: _, intervals, ...rest } = offer
    const curves = intervals.map(({ start, end, steps, minAcceptance }) => ({
      ...run({ start, end }),
      steps,
      minAcceptance
    }))
    return { type: 'PlaceOffer', pom, sessionId, by, ...rest, intervals: curves, replaces }
  }
  const { type: _, earliestStart, latestEnd, ...rest } = offer
  return {
    type: 'PlaceBlockOffer',
    pom,
    sessionId,
    by,
    ...rest,
    earliestStart: instant(earliestStart),
    latestEnd: instant(latestEnd),
    replaces
  }
}
