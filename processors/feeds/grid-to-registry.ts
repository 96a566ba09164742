/** Flow 0A, second half: the place of a PoD, on behalf of its grid operator, as an operator's own platform sends it by REST. */
import type { AssignPom, Message } from '../../schemas/generated.ts'
import type { FedCommand } from '../runtime/feed.ts'

export const gridToRegistryTypes = ['PodLocated', 'RegisteredPodNoted'] as const satisfies readonly Message['type'][]

export const gridToRegistry = (event: Message): readonly FedCommand[] => {
  if (event.type !== 'PodLocated' && event.type !== 'RegisteredPodNoted') return []
  const { pod, assignment } = event
  if (!assignment) return []
  const by = { role: 'dso', id: assignment.dsoId } as const
  const command: AssignPom = { type: 'AssignPom', pod, by, place: assignment, from: null }
  return [{ key: pod, command }]
}
