import t from 'tap'
import { parseLogUrl } from '../log/open-log.ts'
import { loadConfig } from './config.ts'
import type { Variable } from './variable.ts'
import { roles, variables } from './variables.ts'

const problemsOf = (env: Record<string, string>): readonly string[] => {
  try {
    loadConfig(env)
    return []
  } catch (error) {
    return error instanceof Error ? error.message.split('\n  - ').slice(1) : []
  }
}

t.test(
  'an empty environment is the embedded profile on files below ./data, reachable from this machine alone',
  async t => {
    t.strictSame(loadConfig({}), {
      profile: 'embedded',
      roles,
      dataDir: './data',
      logUrl: 'sqlite:data/log.sqlite',
      kafka: {
        tlsCaFile: undefined,
        tlsCertFile: undefined,
        tlsKeyFile: undefined,
        replication: 1,
        minInsync: 1,
        compression: 'none'
      },
      enginesDir: undefined,
      databaseUrl: 'sqlite:data/projections.sqlite',
      registryUrl: undefined,
      eventStoreUrl: undefined,
      httpHost: '127.0.0.1',
      httpPort: 8080,
      operationsPort: undefined,
      publicUrl: 'http://127.0.0.1:8080',
      issuerUrl: undefined,
      audience: 'flexledger',
      devCredentials: false,
      calendar: 'platone',
      timeZone: 'Europe/Rome',
      pricing: 'uniform',
      exclusivePerPod: false,
      minBidW: 100,
      gridRequests: 'automatic',
      nodeLimit: 100_000,
      gapAccepted: 0.001,
      objectives: [],
      objectiveWeights: [],
      objectiveSeed: 1,
      bodyBytesMax: 8 * 1024 * 1024,
      ratePerMinute: 600,
      logLevel: 'info'
    })
  }
)

t.test(
  'a variable that is set to nothing is as one that is not set, and other names are nobody’s business',
  async t => {
    t.strictSame(loadConfig({ FLEX_HTTP_PORT: '', PATH: '/bin', FLEXIBLE: 'yes' }), loadConfig({}))
  }
)

t.test('every example is valid, and so is every default', async t => {
  for (const [name, variable] of Object.entries<Variable<unknown>>(variables)) {
    t.doesNotThrow(() => variable.parse(variable.example), name)
    const { fallback } = variable
    if (fallback !== undefined) t.doesNotThrow(() => variable.parse(fallback), name)
    else t.ok(variable.fallbackNote, `${name} says what holds without it`)
  }
})

t.test('all problems are reported at once, in one error', async t => {
  const env = {
    FLEX_HTTP_PORT: '80800',
    FLEX_CALENDAR: 'gregorian',
    FLEX_TIME_ZONE: 'Europe/Atlantis',
    FLEX_LOG_URL: 'kafka://broker:9092',
    FLEX_DATABASE_URL: 'mysql://flex:secret@db/flex',
    FLEX_PUBLIC_URL: 'flex.example.org',
    FLEX_MIN_BID_W: '0.1',
    FLEX_ROLES: 'gateway,markt',
    FLEX_DEV_CREDENTIALS: 'yes',
    FLEX_HTP_PORT: '1',
    FLEX_WEATHER: 'fine'
  }
  t.throws(() => loadConfig(env), {
    code: 'FLEX_CONFIG_INVALID',
    message: /^FLEX_CONFIG_INVALID: 11 in the environment:/
  })
  t.strictSame(problemsOf(env).toSorted(), [
    'FLEX_CALENDAR is one of platone, beflexible, not "gregorian"',
    'FLEX_DATABASE_URL is sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE (PATH is a file), not "mysql://flex:…@db/flex"',
    'FLEX_DEV_CREDENTIALS is one of true, false, not "yes"',
    'FLEX_HTP_PORT is not known; is FLEX_HTTP_PORT meant?',
    'FLEX_HTTP_PORT is a whole number from 0 to 65535, not "80800"',
    'FLEX_LOG_URL is sqlite:PATH, kafka:HOST:PORT[,HOST:PORT...] or memory: (PATH is a file), not "kafka://broker:9092"',
    'FLEX_MIN_BID_W is a whole number from 1 to 1000000000, not "0.1"',
    'FLEX_PUBLIC_URL is an http or https URL without query, fragment and credentials, not "flex.example.org"',
    'FLEX_ROLES is "all" or a list of gateway, registry, clock, market, grid-operator, projections, actor-topics; "markt" is none, not "gateway,markt"',
    'FLEX_TIME_ZONE is a name of the IANA time zone database, such as Europe/Rome, not "Europe/Atlantis"',
    'FLEX_WEATHER is not known'
  ])
})

const production = {
  FLEX_PROFILE: 'production',
  FLEX_ISSUER_URL: 'https://login.example.org',
  FLEX_PUBLIC_URL: 'https://flex.example.org/'
}

t.test('production needs an issuer and a public https URL, and refuses a log in memory', async t => {
  t.match(loadConfig(production), { publicUrl: 'https://flex.example.org', issuerUrl: 'https://login.example.org' })
  t.strictSame(problemsOf({ FLEX_PROFILE: 'production', FLEX_LOG_URL: 'memory:' }), [
    'FLEX_LOG_URL is memory:, which production does not allow',
    'FLEX_ISSUER_URL is missing, and production needs it',
    'FLEX_PUBLIC_URL is missing, and production needs it'
  ])
  t.strictSame(problemsOf({ ...production, FLEX_PUBLIC_URL: 'http://flex.example.org' }), [
    'FLEX_PUBLIC_URL is not https, and production needs that'
  ])
})

t.test('published credentials are refused unless the profile is embedded, even if the profile is misspelt', async t => {
  t.equal(loadConfig({ FLEX_DEV_CREDENTIALS: 'true' }).devCredentials, true)
  t.equal(loadConfig({ FLEX_DEV_CREDENTIALS: 'true', FLEX_PROFILE: 'embedded' }).devCredentials, true)
  const refusal = 'FLEX_DEV_CREDENTIALS is true, which only FLEX_PROFILE=embedded allows'
  t.ok(problemsOf({ ...production, FLEX_DEV_CREDENTIALS: 'true' }).includes(refusal))
  t.ok(problemsOf({ FLEX_PROFILE: 'prodution', FLEX_DEV_CREDENTIALS: 'true' }).includes(refusal))
  t.strictSame(problemsOf({ FLEX_ISSUER_URL: 'https://login.example.org', FLEX_DEV_CREDENTIALS: 'true' }), [
    'FLEX_DEV_CREDENTIALS is true, but FLEX_ISSUER_URL names an issuer that does not know them'
  ])
})

t.test('a log on Kafka may have several brokers, and what cannot be together is refused', async t => {
  const { logUrl, kafka } = loadConfig({
    FLEX_LOG_URL: 'kafka:one:9092, two.example:9093,[::1]:9094',
    FLEX_LOG_TLS_CA: 'ca.pem',
    FLEX_LOG_REPLICATION: '3',
    FLEX_LOG_MIN_INSYNC: '2',
    FLEX_LOG_COMPRESSION: 'zstd'
  })
  t.strictSame(parseLogUrl(logUrl), {
    adapter: 'kafka',
    brokers: [
      { host: 'one', port: 9092 },
      { host: 'two.example', port: 9093 },
      { host: '::1', port: 9094 }
    ]
  })
  t.match(kafka, { tlsCaFile: 'ca.pem', replication: 3, minInsync: 2, compression: 'zstd' })
  for (const wrong of ['kafka:', 'kafka:one', 'kafka:one:0', 'kafka:one:65536', 'kafka:one:9092,', 'kafka://one:9092'])
    t.equal(parseLogUrl(wrong), undefined, wrong)
  t.strictSame(problemsOf({ FLEX_LOG_REPLICATION: '3' }), [
    'FLEX_LOG_REPLICATION is set, but FLEX_LOG_URL is not on Kafka'
  ])
  t.strictSame(problemsOf({ FLEX_LOG_URL: 'kafka:one:9092', FLEX_LOG_MIN_INSYNC: '2', FLEX_LOG_TLS_CERT: 'c.pem' }), [
    'FLEX_LOG_TLS_CERT and FLEX_LOG_TLS_KEY need each other',
    'FLEX_LOG_TLS_CERT is set, but FLEX_LOG_TLS_CA is not',
    'FLEX_LOG_MIN_INSYNC is more than FLEX_LOG_REPLICATION, so nothing could be written'
  ])
})

t.test('T-14: the calendar decides whether a PoD serves one side alone, unless it is said', async t => {
  t.equal(loadConfig({ FLEX_CALENDAR: 'platone' }).exclusivePerPod, false)
  t.equal(loadConfig({ FLEX_CALENDAR: 'beflexible' }).exclusivePerPod, true)
  t.equal(loadConfig({ FLEX_CALENDAR: 'beflexible', FLEX_EXCLUSIVE_PER_POD: 'false' }).exclusivePerPod, false)
  t.equal(loadConfig({ FLEX_EXCLUSIVE_PER_POD: 'true' }).exclusivePerPod, true)
})

t.test('roles may be listed in any order, once or twice; a log in memory needs all of them', async t => {
  t.strictSame(loadConfig({ FLEX_ROLES: 'market, gateway,market' }).roles, ['gateway', 'market'])
  t.strictSame(problemsOf({ FLEX_ROLES: 'market', FLEX_LOG_URL: 'memory:' }), [
    'FLEX_LOG_URL is memory:, which other processes cannot share, but FLEX_ROLES is not all'
  ])
})

t.test('MP-CLR-01: the objectives of the clearing are configuration, and each weight has its objective', async t => {
  const config = loadConfig({ FLEX_OBJECTIVES: 'unreliability,cost', FLEX_OBJECTIVE_WEIGHTS: '1,2.5' })
  t.strictSame(config.objectives, ['unreliability', 'cost'])
  t.strictSame(config.objectiveWeights, [1, 2.5])
  t.throws(() => loadConfig({ FLEX_OBJECTIVES: 'cost' }), /FLEX_OBJECTIVES names cost and unreliability/)
  t.throws(() => loadConfig({ FLEX_OBJECTIVES: 'cost,unreliability,speed' }), /FLEX_OBJECTIVES is a list of/)
  t.throws(() => loadConfig({ FLEX_OBJECTIVE_WEIGHTS: '1' }), /FLEX_OBJECTIVE_WEIGHTS has not as many/)
  t.throws(() => loadConfig({ FLEX_OBJECTIVE_WEIGHTS: '-1' }), /numbers ≥ 0/)
})

t.test('a port for supervisors is for a process without a gateway, which has one itself', async t => {
  t.equal(loadConfig({ FLEX_OPERATIONS_PORT: '8081', FLEX_ROLES: 'market,clock' }).operationsPort, 8_081)
  t.match(problemsOf({ FLEX_OPERATIONS_PORT: '8081' }), [/FLEX_OPERATIONS_PORT is set, but FLEX_ROLES has the gateway/])
})
