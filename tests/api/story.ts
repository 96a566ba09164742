/** The story that the examples of the API tell, told by their rightful actors: from a registration to a final outcome. */
import { documentOf, type Operation, operationsOf } from './operations.ts'
import type { ActorId, Answer, System } from './system.ts'

export interface Story {
  readonly operations: readonly Operation[]
  operation(id: string): Operation
  /** Sends the example of an operation. */
  tell(actor: ActorId, id: string): Promise<Answer>
  /** Which examples were sent, in order, with their answers. */
  readonly told: readonly { readonly id: string; readonly answer: Answer }[]
}

export const openAt = '2025-03-28T11:30:00Z'
export const clearedAt = '2025-03-28T15:01:00Z'

export const storyOf = async (system: System): Promise<Story> => {
  const operations = operationsOf(await documentOf(system.gateway))
  const told: { id: string; answer: Answer }[] = []
  const operation = (id: string): Operation => {
    const found = operations.find(one => one.id === id)
    if (!found) throw new Error(`there is no operation ${id}`)
    return found
  }
  return {
    operations,
    operation,
    told,
    async tell(actor, id) {
      const { method, url, body } = operation(id)
      const answer = await system.call(actor, method, url, body)
      told.push({ id, answer })
      return answer
    }
  }
}

/** Up to an open session with offers of both sides in its book. */
export const tellUntilOpen = async (system: System, { tell, operation }: Story): Promise<void> => {
  await tell('ACEAE', 'registerPods')
  await tell('ARETI', 'assignPoms')
  await tell('ACEAE', 'updatePod')
  await tell('ACEAE', 'linkAgreement')
  // The customer of the village, whose network the built-in grid operator has.
  const { body } = operation('registerPods')
  const [first] = Array.isArray(body) ? (body as readonly object[]) : []
  await system.call('ACEAE', 'POST', '/v1/pods', [{ ...first, pod: 'IT002E7654321B' }])
  await tell('ARETI', 'importNetwork')
  await tell('ARETI', 'describePlants')
  await tell('ARETI', 'tellWeather')
  await system.settle()
  await system.until(openAt)
  await tell('ACEAE', 'placeOffers')
  await tell('ACEAE', 'replaceOffer')
  await tell('ARETI', 'placeRequests')
  await tell('ARETI', 'replaceRequest')
  await system.settle()
}

export const tellUntilCleared = async (system: System, story: Story): Promise<void> => {
  await tellUntilOpen(system, story)
  await system.until(clearedAt)
}
