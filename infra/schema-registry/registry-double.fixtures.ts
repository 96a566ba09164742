/**
 * A registry with Confluent's REST interface in this process, for what a real one cannot be made to do: mode IMPORT, ids that
 * are taken, failures. It knows the calls that confluent-registry.ts makes and answers 404 to every other.
 */
import { createServer, type IncomingMessage } from 'node:http'
import { parseSchema } from '../../schemas/avro-schema.ts'
import { incompatibilities } from '../../schemas/compatibility.ts'

export interface RegistryDouble {
  readonly url: string
  readonly requests: string[]
  /** Text by id. */
  readonly schemas: Map<number, string>
  readonly configs: Map<string, string>
  /** Mode by subject; what is left at the end must not be IMPORT. */
  readonly modes: Map<string, string>
  /** Answers the next requests with 503. */
  failNext(count: number): void
  stop(): Promise<void>
}

interface Registered {
  readonly id: number
  readonly text: string
}

export const registryDouble = async ({ hasModes }: { readonly hasModes: boolean }): Promise<RegistryDouble> => {
  const schemas = new Map<number, string>()
  const subjects = new Map<string, Registered[]>()
  const configs = new Map<string, string>()
  const modes = new Map<string, string>()
  const requests: string[] = []
  let failures = 0

  const problemsWith = (subject: string, text: string): readonly string[] =>
    (subjects.get(subject) ?? []).flatMap(({ text: earlier }) =>
      incompatibilities(parseSchema(earlier, subject), parseSchema(text, subject))
    )

  const register = (subject: string, { schema, id: given }: { schema: string; id?: number }): [number, unknown] => {
    const versions = subjects.get(subject) ?? []
    const same = versions.find(({ text }) => text === schema)
    if (same !== undefined) return [200, { id: same.id }]
    const isImport = modes.get(subject) === 'IMPORT'
    const problems = isImport ? [] : problemsWith(subject, schema)
    if (problems.length > 0) return [409, { error_code: 409, message: problems.join('; ') }]
    const id = isImport && given !== undefined ? given : Math.max(0, ...schemas.keys()) + 1
    if (schemas.has(id)) return [422, { error_code: 42205, message: `id ${id} is taken` }]
    schemas.set(id, schema)
    subjects.set(subject, [...versions, { id, text: schema }])
    return [200, { id }]
  }

  const answer = (method: string, path: string, body: Record<string, unknown>): [number, unknown] => {
    const [kind = '', first = '', ...rest] = path.split('/').slice(1).map(decodeURIComponent)
    switch (`${method} ${kind}`) {
      case 'GET subjects':
        return [200, [...subjects.keys()]]
      case 'POST subjects': {
        if (rest.length > 0) return register(first, body as { schema: string; id?: number })
        const found = subjects.get(first)?.find(({ text }) => text === body['schema'])
        return found ? [200, { id: found.id }] : [404, { error_code: 40403, message: 'Schema not found' }]
      }
      case 'GET schemas': {
        const text = schemas.get(Number(rest[0]))
        return text === undefined ? [404, { error_code: 40403, message: 'Schema not found' }] : [200, { schema: text }]
      }
      case 'POST compatibility': {
        const messages = problemsWith(rest[0] ?? '', String(body['schema']))
        return [200, { is_compatible: messages.length === 0, messages }]
      }
      case 'GET config': {
        const compatibilityLevel = configs.get(first)
        return compatibilityLevel ? [200, { compatibilityLevel }] : [404, { error_code: 40408, message: 'none' }]
      }
      case 'PUT config':
        configs.set(first, String(body['compatibility']))
        return [200, body]
      case 'GET mode':
        return hasModes ? [200, { mode: 'READWRITE' }] : [404, { error_code: 404, message: 'no modes here' }]
      case 'PUT mode':
        modes.set(first, String(body['mode']))
        return [200, body]
      default:
        return [404, { error_code: 404, message: `no ${method} ${path}` }]
    }
  }

  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://registry')
    requests.push(`${request.method} ${pathname}`)
    const body = await bodyOf(request)
    const [status, document] =
      failures > 0 ? [503, { error_code: 50301, message: 'starting' }] : answer(request.method ?? '', pathname, body)
    failures = Math.max(0, failures - 1)
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' })
    response.end(JSON.stringify(document))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the double has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    schemas,
    configs,
    modes,
    failNext: count => {
      failures = count
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  }
}

const bodyOf = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text === '' ? {} : JSON.parse(text)
}
