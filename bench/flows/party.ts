/**
 * The parties of a benchmark stage, in a process of their own, as outside parties are: their memory and processor time are
 * not the market's. Arguments: address of the market, number of points of delivery. Orders come as messages.
 */
import { credentialsOf } from '../../cli/app/development-clients.ts'
import { piecesOf, type RestClient, restClient } from '../../examples/market-day/rest-client.ts'
import type { Actor, Answered, Asked, Order } from './party-messages.ts'
import { workload } from './workload.ts'

const [url = '', pods = ''] = process.argv.slice(2)
const count = Number(pods)

const clients = new Map<Actor, RestClient>()
const clientOf = (actor: Actor): RestClient => {
  const client = clients.get(actor) ?? restClient(url, credentialsOf(actor))
  clients.set(actor, client)
  return client
}

/** A call of the gateway takes this much, of what is small and of what has curves. */
const pieces = (items: readonly object[], itemsMax = 5_000): string[] => piecesOf(items, itemsMax, 7_000_000)
const documents = new Map<string, readonly string[]>()
let pages: readonly string[] = []

const follow = async (order: Order): Promise<number> => {
  switch (order.do) {
    case 'prepare-pods': {
      const { pods, places } = workload(count, 0)
      // The same documents under other codes first, so that registration too is measured in a warm process.
      const under = (letter: string) => pods.map(pod => ({ ...pod, pod: `${letter}${'pod' in pod ? pod.pod : ''}` }))
      const others = under('W')
      documents.set('few warm pods', pieces(others.slice(0, 100)))
      documents.set('warm pods', pieces(others.slice(100)))
      documents.set('second pods', pieces(under('X')))
      documents.set('third pods', pieces(under('Y')))
      documents.set('pods', pieces(pods))
      documents.set('places', pieces(places, 1_000))
      return count
    }
    case 'prepare-day': {
      const { offers, requests } = workload(count, order.start)
      documents.set('offers', pieces(offers))
      documents.set('dso requests', pieces(requests.dso, 1_000))
      documents.set('tso requests', pieces(requests.tso, 1_000))
      return requests.dso.length + requests.tso.length
    }
    case 'post': {
      const prepared = documents.get(order.documents)
      if (!prepared) throw new Error(`no documents: ${order.documents}`)
      await clientOf(order.actor).sendPieces(order.path, prepared, order.key)
      return prepared.length
    }
    case 'send':
      await clientOf(order.actor).send('POST', order.path, order.body, order.key)
      return 1
    case 'read':
      pages = await clientOf(order.actor).pages(order.path)
      return pages.length
    case 'count':
      return pages.reduce((sum, page) => sum + (JSON.parse(page) as { items: unknown[] }).items.length, 0)
  }
}

process.on('message', async ({ id, order }: Asked) => {
  const answer: Answered = await follow(order).then(
    result => ({ id, result }),
    (error: unknown) => ({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  )
  process.send?.(answer)
})
// The stage is gone.
process.on('disconnect', () => process.exit(0))
