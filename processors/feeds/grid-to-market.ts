/** Flows 2c and 4, on behalf of the grid operator, as an operator's own platform sends them by REST. */
import type { CompleteTechnicalOutcome, JudgeService, Message, PlaceRequest } from '../../schemas/generated.ts'
import type { FedCommand } from '../runtime/feed.ts'

export const gridToMarketTypes = [
  'FlexibilityRequested',
  'ServiceVerdictGiven',
  'TechnicalValidationDone'
] as const satisfies readonly Message['type'][]

export const gridToMarket = (event: Message): readonly FedCommand[] => {
  switch (event.type) {
    case 'FlexibilityRequested': {
      const { type: _, dsoId, ...request } = event
      const command: PlaceRequest = {
        type: 'PlaceRequest',
        ...request,
        by: { role: 'dso', id: dsoId },
        side: 'DSO',
        priceLimit: null,
        replaces: false
      }
      return [{ key: event.pom, command }]
    }
    case 'ServiceVerdictGiven': {
      const { pom, sessionId, marketOutcomeId, offerId, dsoId, verdicts } = event
      const by = { role: 'dso', id: dsoId } as const
      const command: JudgeService = { type: 'JudgeService', pom, sessionId, marketOutcomeId, offerId, by, verdicts }
      return [{ key: pom, command }]
    }
    case 'TechnicalValidationDone': {
      const { pom, sessionId, marketOutcomeId, dsoId } = event
      const by = { role: 'dso', id: dsoId } as const
      const command: CompleteTechnicalOutcome = {
        type: 'CompleteTechnicalOutcome',
        ...{ pom, sessionId, marketOutcomeId, by },
        unmentioned: 'OK'
      }
      return [{ key: pom, command }]
    }
    default:
      return []
  }
}
