/**
 * Every environment variable that a Flexledger process reads. `.env.example` and docs/reference/configuration.md are made
 * from this list, and a test holds them equal to it.
 */
import { compressions } from '../log/kafka/compression.ts'
import { logUrlForm, parseLogUrl } from '../log/open-log.ts'
import { parseDatabaseUrl } from '../sql/database-url.ts'
import { logLevels } from '../telemetry/logger.ts'
import {
  httpUrl,
  oneOf,
  someText,
  timeZone,
  trueOrFalse,
  type Variable,
  VariableProblem,
  wholeNumber
} from './variable.ts'

export const profiles = ['embedded', 'production'] as const
export const calendars = ['platone', 'beflexible'] as const
export const pricings = ['uniform', 'payAsBid'] as const
export const requestModes = ['automatic', 'approval'] as const
export const roles = ['gateway', 'registry', 'clock', 'market', 'grid-operator', 'projections', 'actor-topics'] as const
export type Role = (typeof roles)[number]

const logUrl = (text: string): string => {
  if (!parseLogUrl(text)) throw new VariableProblem(`is ${logUrlForm} (PATH is a file)`)
  return text
}

const eventStoreUrl = (text: string): string => {
  if (!/^esdb(\+discover)?:\/\/[^\s/]+/.test(text))
    throw new VariableProblem('is a connection string of EventStoreDB, esdb://HOST:PORT or esdb+discover://HOST')
  return text
}

const databaseUrl = (text: string): string => {
  if (!parseDatabaseUrl(text))
    throw new VariableProblem('is sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE (PATH is a file)')
  return text
}

const someRoles = (text: string): readonly Role[] => {
  if (text === 'all') return roles
  const parts = text.split(',').map(part => part.trim())
  const unknown = parts.filter(part => !roles.some(role => role === part))
  if (unknown.length > 0)
    throw new VariableProblem(
      `is "all" or a list of ${roles.join(', ')}; ${unknown.map(part => `"${part}"`).join(', ')} is none`
    )
  return roles.filter(role => parts.includes(role))
}

export const objectives = ['cost', 'unreliability', 'number-of-units'] as const

const someObjectives = (text: string): readonly (typeof objectives)[number][] => {
  const names = text === '' ? [] : text.split(',').map(part => part.trim())
  const known = objectives.filter(objective => names.includes(objective))
  if (known.length !== names.length)
    throw new VariableProblem(`is a list of ${objectives.join(', ')}, each at most once`)
  if (names.length > 0 && !(names.includes('cost') && names.includes('unreliability')))
    throw new VariableProblem('names cost and unreliability at least, or nothing')
  return objectives.filter(objective => names.includes(objective)).sort((a, b) => names.indexOf(a) - names.indexOf(b))
}

const share = (text: string): number => {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (!(value >= 0 && value <= 1)) throw new VariableProblem('is a number from 0 to 1')
  return value
}

const someWeights = (text: string): readonly number[] => {
  const weights = text === '' ? [] : text.split(',').map(Number)
  if (weights.some(weight => !(weight >= 0 && Number.isFinite(weight))))
    throw new VariableProblem('is a list of numbers ≥ 0')
  return weights
}

export const variables = {
  FLEX_PROFILE: {
    meaning:
      'What kind of installation this is. `embedded` runs on files alone; `production` refuses what is only for trying out.',
    form: profiles.join(' | '),
    fallback: 'embedded',
    example: 'production',
    parse: oneOf(profiles)
  },
  FLEX_ROLES: {
    meaning: 'Which parts run in this process.',
    form: `all | a list, separated by commas, of ${roles.join(', ')}`,
    fallback: 'all',
    example: 'gateway,projections',
    parse: someRoles
  },
  FLEX_DATA_DIR: {
    meaning: 'Folder of the files of this process. Made if it is not there.',
    form: 'a path',
    fallback: './data',
    example: '/var/lib/flexledger',
    parse: someText
  },
  FLEX_LOG_URL: {
    meaning: 'The log, which everything else is derived from. `memory:` keeps nothing and is refused in production.',
    form: 'sqlite:PATH | kafka:HOST:PORT[,HOST:PORT...] | memory:',
    fallbackNote: '`log.sqlite` in FLEX_DATA_DIR',
    example: 'kafka:kafka-1.example.org:9092,kafka-2.example.org:9092',
    parse: logUrl
  },
  FLEX_LOG_TLS_CA: {
    meaning: 'The certificates that brokers must be signed by. With it, connections to brokers are TLS.',
    form: 'the path of a PEM file',
    fallbackNote: 'connections without TLS',
    example: '/etc/flexledger/kafka-ca.pem',
    parse: someText
  },
  FLEX_LOG_TLS_CERT: {
    meaning: 'The certificate by which brokers know this process. Needs FLEX_LOG_TLS_CA and FLEX_LOG_TLS_KEY.',
    form: 'the path of a PEM file',
    fallbackNote: 'no certificate is shown',
    example: '/etc/flexledger/kafka-cert.pem',
    parse: someText
  },
  FLEX_LOG_TLS_KEY: {
    meaning: 'The key of FLEX_LOG_TLS_CERT.',
    form: 'the path of a PEM file',
    fallbackNote: 'no certificate is shown',
    example: '/etc/flexledger/kafka-key.pem',
    parse: someText
  },
  FLEX_LOG_REPLICATION: {
    meaning:
      'Brokers that keep a copy of each topic that is made; one that exists must have as many. 3 wherever a record must survive a broker.',
    form: 'a whole number, 1-32',
    fallback: '1',
    example: '3',
    parse: wholeNumber(1, 32)
  },
  FLEX_LOG_MIN_INSYNC: {
    meaning:
      'Copies that must have a record before it is acknowledged. One less than FLEX_LOG_REPLICATION goes on while a broker is away.',
    form: 'a whole number, 1-32',
    fallback: '1',
    example: '2',
    parse: wholeNumber(1, 32)
  },
  FLEX_LOG_COMPRESSION: {
    meaning:
      'How this process compresses what it writes to brokers. Every client reads `gzip`; `zstd` is faster and smaller, and some clients need an extension for it.',
    form: compressions.join(' | '),
    fallback: 'none',
    example: 'zstd',
    parse: oneOf(compressions)
  },
  FLEX_REGISTRY_URL: {
    meaning:
      'A schema registry with the interface of Confluent. At the start the schemas are registered there, each under the id that the records carry. Without it nothing is asked: the schemas come with this version.',
    form: 'an http(s) URL',
    fallbackNote: 'the schemas of this version',
    example: 'http://127.0.0.1:18081/apis/ccompat/v7',
    parse: httpUrl
  },
  FLEX_EVENTSTORE_URL: {
    meaning:
      'An EventStoreDB (KurrentDB) that the role `projections` mirrors the events into, one stream for each session, PoD and substation. Nothing is read back from it, and nothing waits for it.',
    form: 'esdb://HOST:PORT[?tls=false] | esdb+discover://HOST',
    fallbackNote: 'no mirror',
    example: 'esdb://127.0.0.1:2113?tls=false',
    parse: eventStoreUrl
  },
  FLEX_DATABASE_URL: {
    meaning: 'The tables of the projections. They can be dropped and are built again from the log.',
    form: 'sqlite:PATH | postgres://USER:PASSWORD@HOST:PORT/DATABASE',
    fallbackNote: '`projections.sqlite` in FLEX_DATA_DIR',
    example: 'postgres://flexledger@db.example.org/flexledger?sslmode=verify-full',
    parse: databaseUrl
  },
  FLEX_ENGINES_DIR: {
    meaning:
      'Where `flexledger engines` installs programs (Kafka, the registry), for all checkouts of a user; their data lies elsewhere.',
    form: 'a path',
    fallbackNote: '`.cache/flexledger/engines` in the home folder',
    example: '/opt/flexledger/engines',
    parse: someText
  },
  FLEX_HTTP_HOST: {
    meaning: 'Address that the gateway listens on. The default is reachable from this machine alone.',
    form: 'a host name or address',
    fallback: '127.0.0.1',
    example: '0.0.0.0',
    parse: someText
  },
  FLEX_HTTP_PORT: {
    meaning: 'Port that the gateway listens on; 0 takes a free one.',
    form: 'a whole number, 0-65535',
    fallback: '8080',
    example: '8443',
    parse: wholeNumber(0, 65_535)
  },
  FLEX_OPERATIONS_PORT: {
    meaning:
      'Port on which a process without the role `gateway` answers `/livez`, `/readyz` and `/metrics`, on FLEX_HTTP_HOST; 0 takes a free one. A gateway answers them on its own port.',
    form: 'a whole number, 0-65535',
    fallbackNote: 'such a process does not listen',
    example: '8081',
    parse: wholeNumber(0, 65_535)
  },
  FLEX_PUBLIC_URL: {
    meaning: 'Where clients reach the gateway, as written into links and tokens. Needed in production, with https.',
    form: 'an http(s) URL',
    fallbackNote: 'http, FLEX_HTTP_HOST and FLEX_HTTP_PORT',
    example: 'https://flex.example.org',
    parse: httpUrl
  },
  FLEX_ISSUER_URL: {
    meaning:
      'The OpenID Connect issuer whose tokens are accepted. Needed in production; without it the embedded issuer runs.',
    form: 'an http(s) URL',
    fallbackNote: 'the embedded issuer',
    example: 'https://login.example.org/realms/flex',
    parse: httpUrl
  },
  FLEX_AUDIENCE: {
    meaning: 'The audience that a token must be made out to.',
    form: 'a text',
    fallback: 'flexledger',
    example: 'https://flex.example.org',
    parse: someText
  },
  FLEX_DEV_CREDENTIALS: {
    meaning:
      'Published client ids and secrets for trying out. Only with FLEX_PROFILE=embedded and the embedded issuer.',
    form: 'true | false',
    fallback: 'false',
    example: 'true',
    parse: trueOrFalse
  },
  FLEX_CALENDAR: {
    meaning:
      'The calendar of sessions: `platone` is one day-ahead and six real-time sessions, `beflexible` six local flexibility sessions.',
    form: calendars.join(' | '),
    fallback: 'platone',
    example: 'beflexible',
    parse: oneOf(calendars)
  },
  FLEX_TIME_ZONE: {
    meaning: 'The time zone of delivery days and of the calendar. What is stored is UTC.',
    form: 'an IANA time zone',
    fallback: 'Europe/Rome',
    example: 'Europe/Athens',
    parse: timeZone
  },
  FLEX_PRICING: {
    meaning:
      'What an accepted offer is paid: the price of the most expensive one accepted for its request, or its own.',
    form: pricings.join(' | '),
    fallback: 'uniform',
    example: 'payAsBid',
    parse: oneOf(pricings)
  },
  FLEX_EXCLUSIVE_PER_POD: {
    meaning: 'Whether a PoD may serve only one of DSO and TSO in the same quarter-hour.',
    form: 'true | false',
    fallbackNote: '`false` with the calendar `platone`, `true` with `beflexible`',
    example: 'true',
    parse: trueOrFalse
  },
  FLEX_MIN_BID_W: {
    meaning: 'The smallest quantity of an offer, in W.',
    form: 'a whole number, 1-1000000000',
    fallback: '100',
    example: '1000',
    parse: wholeNumber(1, 1_000_000_000)
  },
  FLEX_GRID_REQUESTS: {
    meaning:
      'How the built-in grid operator (role `grid-operator`) asks for flexibility: at once, or when one of its people has confirmed it before the gate closes.',
    form: requestModes.join(' | '),
    fallback: 'automatic',
    example: 'approval',
    parse: oneOf(requestModes)
  },
  FLEX_NODE_LIMIT: {
    meaning:
      'Branch-and-bound nodes that one optimisation of a clearing may visit. A count, not a time, so that it ends alike everywhere; an outcome states the gap that is left.',
    form: 'a whole number, 1-100000000',
    fallback: '100000',
    example: '1000000',
    parse: wholeNumber(1, 100_000_000)
  },
  FLEX_GAP_ACCEPTED: {
    meaning:
      'The relative gap in cost at which a clearing that is proven to be that close to the optimum is taken as it is, without a mixed-integer programme. 0 always looks for the exact optimum. An outcome states its gap.',
    form: 'a number, 0-1',
    fallback: '0.001',
    example: '0',
    parse: share
  },
  FLEX_OBJECTIVES: {
    meaning:
      'Objectives of the multi-objective clearing (NSGA-II), `cost` and `unreliability` among them. Empty: the exact least cost.',
    form: `a list, separated by commas, of ${objectives.join(', ')}`,
    fallback: '',
    example: 'cost,unreliability',
    parse: someObjectives
  },
  FLEX_OBJECTIVE_WEIGHTS: {
    meaning: 'How much each of FLEX_OBJECTIVES counts, in their order. Empty: the knee of the front.',
    form: 'a list of numbers ≥ 0, separated by commas',
    fallback: '',
    example: '2,1',
    parse: someWeights
  },
  FLEX_OBJECTIVE_SEED: {
    meaning: 'The seed of NSGA-II; recorded with each outcome.',
    form: 'a whole number, 0-2147483647',
    fallback: '1',
    example: '42',
    parse: wholeNumber(0, 2_147_483_647)
  },
  FLEX_BODY_BYTES_MAX: {
    meaning:
      'The largest body of a request, in bytes. The default (8 MiB) holds some 500 offers with other prices in each of 96 quarter-hours; longer arrays are sent in parts.',
    form: 'a whole number, 1024-268435456',
    fallback: '8388608',
    example: '1048576',
    parse: wholeNumber(1_024, 268_435_456)
  },
  FLEX_RATE_PER_MINUTE: {
    meaning: 'Requests that one client may make in a minute; more are answered 429. An array of offers is one request.',
    form: 'a whole number, 1-1000000',
    fallback: '600',
    example: '60',
    parse: wholeNumber(1, 1_000_000)
  },
  FLEX_LOG_LEVEL: {
    meaning: 'The least serious kind of line that the process writes to standard error.',
    form: logLevels.join(' | '),
    fallback: 'info',
    example: 'warn',
    parse: oneOf(logLevels)
  }
} as const satisfies Record<string, Variable<unknown>>

export type VariableName = keyof typeof variables
