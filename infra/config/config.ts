/**
 * The configuration of a process, from the environment alone, read once at the start. All problems are reported at once;
 * a FLEX_ variable that nobody knows is one, because it is a typing error or of another version. A variable that is set
 * to nothing is as one that is not set. What a process runs with is what this returns: nobody else reads the environment.
 */
import { join } from 'node:path'
import { FlexError } from '../errors.ts'
import { type KafkaSettings, parseLogUrl } from '../log/open-log.ts'
import { withoutPasswords } from '../sql/database-url.ts'
import type { LogLevel } from '../telemetry/logger.ts'
import { type Variable, VariableProblem } from './variable.ts'
import {
  type calendars,
  type objectives,
  type pricings,
  type profiles,
  type Role,
  type requestModes,
  roles,
  type VariableName,
  variables
} from './variables.ts'

export interface Config {
  readonly profile: (typeof profiles)[number]
  readonly roles: readonly Role[]
  readonly dataDir: string
  /** For `openLog`. */
  readonly logUrl: string
  /** For `openLog`, where the log is on Kafka. */
  readonly kafka: KafkaSettings & { readonly replication: number; readonly minInsync: number }
  /** Undefined: in the home folder. */
  readonly enginesDir: string | undefined
  /** For `openDatabase`. */
  readonly databaseUrl: string
  /** For `openRegistry`; undefined: the embedded one. */
  readonly registryUrl: string | undefined
  /** For `eventStoreDb`; undefined: no mirror. */
  readonly eventStoreUrl: string | undefined
  readonly httpHost: string
  readonly httpPort: number
  /** Undefined: no listener beside the gateway. */
  readonly operationsPort: number | undefined
  /** Without a slash at its end. With port 0 it names no port that is reachable: the host must be asked. */
  readonly publicUrl: string
  /** Undefined: the embedded issuer. */
  readonly issuerUrl: string | undefined
  readonly audience: string
  readonly devCredentials: boolean
  readonly calendar: (typeof calendars)[number]
  readonly timeZone: string
  readonly pricing: (typeof pricings)[number]
  readonly exclusivePerPod: boolean
  readonly minBidW: number
  /** How the built-in grid operator asks for flexibility. */
  readonly gridRequests: (typeof requestModes)[number]
  readonly nodeLimit: number
  readonly gapAccepted: number
  readonly objectives: readonly (typeof objectives)[number][]
  readonly objectiveWeights: readonly number[]
  readonly objectiveSeed: number
  readonly bodyBytesMax: number
  readonly ratePerMinute: number
  readonly logLevel: LogLevel
}

export type Environment = Readonly<Record<string, string | undefined>>

export const loadConfig = (env: Environment): Config => {
  const problems: string[] = Object.keys(env)
    .filter(name => name.startsWith('FLEX_') && !Object.hasOwn(variables, name))
    .toSorted()
    .map(name => `${name} is not known${nearest(name)}`)

  /** The value, the fallback, or undefined if there is neither; of a bad value the example, and a problem. */
  const optional = <Value>(name: VariableName, variable: Variable<Value>): Value | undefined => {
    const text = env[name] || variable.fallback
    if (text === undefined) return undefined
    try {
      return variable.parse(text)
    } catch (error) {
      if (!(error instanceof VariableProblem)) throw error
      problems.push(`${name} ${error.message}, not "${withoutPasswords(text)}"`)
      return variable.parse(variable.example)
    }
  }
  const required = <Value>(name: VariableName, variable: Variable<Value> & { readonly fallback: string }): Value =>
    optional(name, variable) ?? variable.parse(variable.fallback)

  const dataDir = required('FLEX_DATA_DIR', variables.FLEX_DATA_DIR)
  const httpHost = required('FLEX_HTTP_HOST', variables.FLEX_HTTP_HOST)
  const httpPort = required('FLEX_HTTP_PORT', variables.FLEX_HTTP_PORT)
  const calendar = required('FLEX_CALENDAR', variables.FLEX_CALENDAR)
  const config: Config = {
    profile: required('FLEX_PROFILE', variables.FLEX_PROFILE),
    roles: required('FLEX_ROLES', variables.FLEX_ROLES),
    dataDir,
    logUrl: optional('FLEX_LOG_URL', variables.FLEX_LOG_URL) ?? `sqlite:${join(dataDir, 'log.sqlite')}`,
    kafka: {
      tlsCaFile: optional('FLEX_LOG_TLS_CA', variables.FLEX_LOG_TLS_CA),
      tlsCertFile: optional('FLEX_LOG_TLS_CERT', variables.FLEX_LOG_TLS_CERT),
      tlsKeyFile: optional('FLEX_LOG_TLS_KEY', variables.FLEX_LOG_TLS_KEY),
      replication: required('FLEX_LOG_REPLICATION', variables.FLEX_LOG_REPLICATION),
      minInsync: required('FLEX_LOG_MIN_INSYNC', variables.FLEX_LOG_MIN_INSYNC),
      compression: required('FLEX_LOG_COMPRESSION', variables.FLEX_LOG_COMPRESSION)
    },
    enginesDir: optional('FLEX_ENGINES_DIR', variables.FLEX_ENGINES_DIR),
    databaseUrl:
      optional('FLEX_DATABASE_URL', variables.FLEX_DATABASE_URL) ?? `sqlite:${join(dataDir, 'projections.sqlite')}`,
    registryUrl: optional('FLEX_REGISTRY_URL', variables.FLEX_REGISTRY_URL),
    eventStoreUrl: optional('FLEX_EVENTSTORE_URL', variables.FLEX_EVENTSTORE_URL),
    httpHost,
    httpPort,
    operationsPort: optional('FLEX_OPERATIONS_PORT', variables.FLEX_OPERATIONS_PORT),
    publicUrl:
      optional('FLEX_PUBLIC_URL', variables.FLEX_PUBLIC_URL) ??
      `http://${httpHost.includes(':') ? `[${httpHost}]` : httpHost}:${httpPort}`,
    issuerUrl: optional('FLEX_ISSUER_URL', variables.FLEX_ISSUER_URL),
    audience: required('FLEX_AUDIENCE', variables.FLEX_AUDIENCE),
    devCredentials: required('FLEX_DEV_CREDENTIALS', variables.FLEX_DEV_CREDENTIALS),
    calendar,
    timeZone: required('FLEX_TIME_ZONE', variables.FLEX_TIME_ZONE),
    pricing: required('FLEX_PRICING', variables.FLEX_PRICING),
    exclusivePerPod: optional('FLEX_EXCLUSIVE_PER_POD', variables.FLEX_EXCLUSIVE_PER_POD) ?? calendar === 'beflexible',
    minBidW: required('FLEX_MIN_BID_W', variables.FLEX_MIN_BID_W),
    gridRequests: required('FLEX_GRID_REQUESTS', variables.FLEX_GRID_REQUESTS),
    nodeLimit: required('FLEX_NODE_LIMIT', variables.FLEX_NODE_LIMIT),
    gapAccepted: required('FLEX_GAP_ACCEPTED', variables.FLEX_GAP_ACCEPTED),
    objectives: required('FLEX_OBJECTIVES', variables.FLEX_OBJECTIVES),
    objectiveWeights: required('FLEX_OBJECTIVE_WEIGHTS', variables.FLEX_OBJECTIVE_WEIGHTS),
    objectiveSeed: required('FLEX_OBJECTIVE_SEED', variables.FLEX_OBJECTIVE_SEED),
    bodyBytesMax: required('FLEX_BODY_BYTES_MAX', variables.FLEX_BODY_BYTES_MAX),
    ratePerMinute: required('FLEX_RATE_PER_MINUTE', variables.FLEX_RATE_PER_MINUTE),
    logLevel: required('FLEX_LOG_LEVEL', variables.FLEX_LOG_LEVEL)
  }

  problems.push(...conflicts(env, config))
  if (problems.length > 0)
    throw new FlexError('FLEX_CONFIG_INVALID', `${problems.length} in the environment:\n  - ${problems.join('\n  - ')}`)
  return config
}

/** What each variable may be alone, but not together with the others. */
const conflicts = (env: Environment, config: Config): readonly string[] => {
  const found: string[] = []
  // Whatever FLEX_PROFILE is meant to be: only the one word opens the door.
  if (config.devCredentials && (env.FLEX_PROFILE || 'embedded') !== 'embedded')
    found.push('FLEX_DEV_CREDENTIALS is true, which only FLEX_PROFILE=embedded allows')
  if (config.devCredentials && env.FLEX_ISSUER_URL)
    found.push('FLEX_DEV_CREDENTIALS is true, but FLEX_ISSUER_URL names an issuer that does not know them')
  if (config.logUrl === 'memory:' && config.roles.length < roles.length)
    found.push('FLEX_LOG_URL is memory:, which other processes cannot share, but FLEX_ROLES is not all')
  found.push(...kafkaConflicts(env, config))
  if (config.operationsPort !== undefined && config.roles.includes('gateway'))
    found.push('FLEX_OPERATIONS_PORT is set, but FLEX_ROLES has the gateway, which answers on FLEX_HTTP_PORT')
  if (config.objectiveWeights.length > 0 && config.objectiveWeights.length !== config.objectives.length)
    found.push('FLEX_OBJECTIVE_WEIGHTS has not as many numbers as FLEX_OBJECTIVES has names')
  if (env.FLEX_PROFILE !== 'production') return found
  if (config.logUrl === 'memory:') found.push('FLEX_LOG_URL is memory:, which production does not allow')
  if (!env.FLEX_ISSUER_URL) found.push('FLEX_ISSUER_URL is missing, and production needs it')
  if (!env.FLEX_PUBLIC_URL) found.push('FLEX_PUBLIC_URL is missing, and production needs it')
  else if (!config.publicUrl.startsWith('https:')) found.push('FLEX_PUBLIC_URL is not https, and production needs that')
  return found
}

const kafkaVariables = [
  'FLEX_LOG_TLS_CA',
  'FLEX_LOG_TLS_CERT',
  'FLEX_LOG_TLS_KEY',
  'FLEX_LOG_REPLICATION',
  'FLEX_LOG_MIN_INSYNC',
  'FLEX_LOG_COMPRESSION'
] as const satisfies readonly VariableName[]

const kafkaConflicts = (env: Environment, { logUrl, kafka }: Config): readonly string[] => {
  const found: string[] = []
  if (parseLogUrl(logUrl)?.adapter !== 'kafka')
    for (const name of kafkaVariables) if (env[name]) found.push(`${name} is set, but FLEX_LOG_URL is not on Kafka`)
  if (Boolean(kafka.tlsCertFile) !== Boolean(kafka.tlsKeyFile))
    found.push('FLEX_LOG_TLS_CERT and FLEX_LOG_TLS_KEY need each other')
  if (kafka.tlsCertFile && !kafka.tlsCaFile) found.push('FLEX_LOG_TLS_CERT is set, but FLEX_LOG_TLS_CA is not')
  if (kafka.minInsync > kafka.replication)
    found.push('FLEX_LOG_MIN_INSYNC is more than FLEX_LOG_REPLICATION, so nothing could be written')
  return found
}

const nearest = (name: string): string => {
  const candidates = Object.keys(variables)
    .map(known => ({ known, distance: editDistance(name, known) }))
    .toSorted((a, b) => a.distance - b.distance)
  const [best] = candidates
  return best && best.distance <= 3 ? `; is ${best.known} meant?` : ''
}

/** Levenshtein's distance, row by row. */
const editDistance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}
