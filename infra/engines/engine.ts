/**
 * What an engine is: a server that others wrote (a broker, a database) and that Flexledger uses in place of its embedded
 * one. A recipe says how one is installed, configured, started and asked whether it is ready; engines.ts plays any recipe.
 *
 * Every engine listens on the loopback address only, keeps all it has in its own folder, and uses ports that were free
 * when it was first started and are its own from then on.
 */
export const engineNames = ['kafka', 'kafka-3', 'registry', 'postgres', 'mosquitto'] as const
export type EngineName = (typeof engineNames)[number]

export type Progress = (text: string) => void

/** Everything of one engine in one folder. */
export interface Place {
  readonly dir: string
  /** Where the program is installed: a folder of the cache, or of the system. */
  readonly home: string
  /** By node, then by use. */
  readonly ports: readonly (readonly number[])[]
  /** Made once, when the engine was first prepared: a cluster's id. */
  readonly clusterId: string
}

export interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Another user to run as, for what refuses to run as root. */
  readonly user?: { readonly uid: number; readonly gid: number }
}

export interface Recipe {
  readonly name: EngineName
  readonly version: string
  readonly nodes: number
  readonly portsPerNode: number
  /** Installs what is missing and gives the folder of the program; repeated, it only looks. */
  readonly install: (enginesDir: string, progress: Progress) => Promise<string>
  /** Writes the configuration and, the first time, the empty storage. May have been interrupted before. */
  readonly prepare: (place: Place) => Promise<void>
  /** `node` counts from 0. */
  readonly program: (place: Place, node: number, options: { readonly durable: boolean }) => Promise<Program>
  readonly url: (place: Place) => string
  /** One bounded attempt to use the engine as a client does, with these nodes alive; throws while it is not ready. */
  readonly ready: (place: Place, alive: readonly number[]) => Promise<void>
  /** The signal upon which it ends in order. */
  readonly stopSignal: 'SIGTERM' | 'SIGINT'
}
