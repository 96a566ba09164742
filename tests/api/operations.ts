/**
 * The operations of the API as its own document lists them, each with an example that can be sent. Tests walk over this
 * list, so an operation that is added cannot be forgotten by them.
 */
import type { Gateway } from '../../gateway/server.ts'
import type { Method } from './system.ts'

export interface Operation {
  readonly id: string
  readonly method: Method
  /** With the examples of its parameters filled in. */
  readonly url: string
  /** The example of its body; undefined if it has none. */
  readonly body: unknown
  readonly scopes: readonly string[]
}

/** The parts of the document that tests walk over. */
export interface OpenApi {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

export interface OperationObject {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly schema: object
    readonly example?: string
  }[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>
}

type Content = Readonly<
  Record<
    string,
    {
      readonly schema: object
      readonly example?: unknown
      readonly examples?: Readonly<Record<string, { readonly value: unknown }>>
    }
  >
>

export const documentOf = async ({ app }: Gateway): Promise<OpenApi> => {
  const answer = await app.inject({ method: 'GET', url: '/openapi.json' })
  return answer.json<OpenApi>()
}

const isMethod = (text: string): text is Method => ['GET', 'POST', 'PUT', 'DELETE'].includes(text)

export const operationsOf = ({ paths }: OpenApi): readonly Operation[] =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([name, operation]) => {
      const method = name.toUpperCase()
      if (!isMethod(method)) throw new Error(`${path} has a method ${name} that no test knows`)
      return { id: operation.operationId, method, ...exampleOf(path, operation), scopes: scopesOf(operation) }
    })
  )

const scopesOf = ({ security }: OperationObject): readonly string[] =>
  security.flatMap(one => Object.values(one)).flat()

const exampleOf = (path: string, { operationId, parameters = [], requestBody }: OperationObject) => {
  let url = path
  for (const { name, in: place, example } of parameters)
    if (place === 'path') {
      if (example === undefined) throw new Error(`${operationId} has no example of ${name}`)
      url = url.replace(`{${name}}`, encodeURIComponent(example))
    }
  if (!requestBody) return { url, body: undefined }
  const { example, examples = {} } = requestBody.content['application/json'] ?? {}
  const body = example ?? Object.values(examples)[0]?.value
  if (body === undefined) throw new Error(`${operationId} has no example of its body`)
  return { url, body }
}
