// oidc-provider ships no types; this is the part of it that the embedded issuer uses.
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export interface TokenContext {
    readonly oidc: { readonly params: { scope?: string | undefined } }
  }

  export interface ClientModel {
    readonly clientId: string
    readonly scope?: string
  }

  export const errors: { readonly InvalidTarget: new () => Error }

  export default class Provider {
    constructor(issuer: string, configuration: object)
    callback(): (request: IncomingMessage, response: ServerResponse) => void
    proxy: boolean
  }
}
