/** Every command as a process of its own, against one market day that was played by the first of them. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { type Ended, flexledger } from './command-line.fixtures.ts'
import { commandsOf, program } from './program.ts'

const root = await mkdtemp(join(tmpdir(), 'flexledger-cli-'))
t.teardown(() => rm(root, { recursive: true, force: true }))

const data = join(root, 'day')
const missing = join(root, 'nowhere')
const session = '2016-01-05.DA.ROMA01'
const books = fileURLToPath(new URL('../examples/books/', import.meta.url))

const jsonIn = (text: string) => JSON.parse(text)
const linesOf = (text: string): readonly string[] => text.trimEnd().split('\n')

const done = (t: Test, { code, stderr }: Ended, what: string): void => {
  t.equal(code, 0, `${what} is done: ${stderr.slice(0, 500)}`)
}

/** Nothing on standard output; the message says what is expected. */
const refused = (t: Test, { code, stdout, stderr }: Ended, expected: { code: number; message: RegExp }): void => {
  t.equal(code, expected.code)
  t.equal(stdout, '', 'no data')
  t.match(stderr, expected.message)
  t.notMatch(stderr, /\n {4}at /, 'no stack')
}

const everyOutput: string[] = []
const cli = async (...[args, starting]: Parameters<typeof flexledger>): Promise<Ended> => {
  const ended = await flexledger(args, {
    ...starting,
    env: { NODE_COMPILE_CACHE: join(root, 'compiled'), ...starting?.env }
  })
  everyOutput.push(ended.stdout, ended.stderr)
  return ended
}

const day = await cli(['run', '--exit', '--pods', '12', '--data', data, '--json'])

t.test('run plays the day, gives one JSON document, and tells its steps on standard error', async t => {
  done(t, day, 'run')
  const account = jsonIn(day.stdout)
  t.match(account, { scenario: 'market-day', seed: 1, pods: 12, date: '2016-01-05' })
  t.equal(account.sessions.length, 7)
  t.ok(account.sessions.every(({ status }: { status: string }) => status === 'validated'))
  t.match(account.log, { records: Number, digest: /^[0-9a-f]{64}$/, factsDigest: /^[0-9a-f]{64}$/ })
  t.match(day.stderr, /registering 12 points of delivery\n/)
})

t.test('run --quiet says nothing on standard error, and a second run changes no fact', async t => {
  const again = join(root, 'again')
  await cp(data, again, { recursive: true })
  const ended = await cli(['run', '--exit', '--pods', '12', '--data', again, '--quiet'])
  done(t, ended, 'run')
  t.equal(ended.stderr, '')
  t.match(ended.stdout, /^Market day 2016-01-05: 12 points of delivery, seed 1\n/)
  t.match(ended.stdout, `facts ${jsonIn(day.stdout).log.factsDigest.slice(0, 16)}`)
})

t.test('every command has a help that names its flags, and asking for help is no mistake', async t => {
  const commands = [{ name: '', command: program() }, ...commandsOf(program())]
  for (const { name, command } of commands) {
    const ended = await cli([...name.split(' ').filter(Boolean), '--help'])
    done(t, ended, `${name} --help`)
    t.equal(ended.stderr, '')
    for (const { flags } of command.options) t.ok(ended.stdout.includes(flags), `${name}: ${flags}`)
  }
  t.match((await cli(['--help'])).stdout, /Exit codes: 0 done, 1 a finding, 2 wrong use, 3 an operating error\./)
})

t.test('--version is the version of the package', async t => {
  const { version } = jsonIn(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
  t.match(await cli(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
})

t.test('wrong use ends with 2, says what is wrong, and gives no data', async t => {
  const wrong: [string[], RegExp][] = [
    [[], /Usage: flexledger/],
    [['log'], /Usage: flexledger log/],
    [['clear'], /unknown command 'clear'/],
    [['log', 'write'], /unknown command 'write'/],
    [['run', '--pod', '3'], /unknown option '--pod'.*Did you mean --pods\?/s],
    [['run', '--pods', 'many'], /expected a whole number from 1 to 200000\./],
    [['run', '--pods', '0'], /expected a whole number from 1 to 200000\./],
    [['run', '--date', 'tomorrow'], /expected a date, YYYY-MM-DD\./],
    [['run', '--date', '2016-02-30', '--exit'], /2016-02-30 is no date/],
    [['run', '--date', '2020-01-01', '--exit'], /no profiles for 2020-01-01; there are for 2016-01-04, /],
    [['log', 'read'], /missing required argument 'topic'/],
    [['log', 'read', 'a', 'b'], /too many arguments/],
    [['log', 'read', 'flex.market.events', '--follow', '--data', data], /--follow needs --partition/],
    [['log', 'read', 'flex.market.events', '--partition', '99', '--data', data], /has partitions 0 to 11/],
    [
      ['log', 'read', 'flex.offers', '--data', data],
      /there is no topic flex\.offers; there are flex\.grid\.commands, /
    ],
    [
      ['log', 'read', 'flex.market.events', '--type', 'OfferMade', '--data', data],
      /there is no message OfferMade; docs\/reference\/events has all of them/
    ],
    [['projection', 'rebuild', 'prices', '--data', data], /no such projection: prices; there are pods, /],
    [['market', 'clear'], /missing required argument 'book'/],
    [['session', 'show', '--data', data], /missing required argument 'session'/]
  ]
  for (const [args, message] of wrong) refused(t, await cli(args), { code: 2, message })
})

t.test('a folder without a market is named, and looking does not make one', async t => {
  const lookingAtLog = [
    ['log', 'read', 'flex.market.events'],
    ['log', 'digest'],
    ['projection', 'rebuild']
  ]
  const lookingAtTables = [
    ['pod', 'list'],
    ['session', 'show', session]
  ]
  for (const args of lookingAtLog)
    refused(t, await cli([...args, '--data', missing]), {
      code: 2,
      message: /there is no log at \S+nowhere\/log\.sqlite; name its folder with --data/
    })
  for (const args of lookingAtTables)
    refused(t, await cli(args, { env: { FLEX_DATA_DIR: missing } }), {
      code: 2,
      message: /there are no tables at \S+nowhere\/projections\.sqlite; name their folder with --data/
    })
  t.notOk(existsSync(missing))
})

t.test('a wrong environment ends with 2 and names every problem, its code once', async t => {
  const ended = await cli(['serve'], { env: { FLEX_HTP_PORT: '1', FLEX_LOG_LEVEL: 'loud' } })
  refused(t, ended, { code: 2, message: /^flexledger: FLEX_CONFIG_INVALID: 2 in the environment:\n/ })
  t.match(ended.stderr, 'FLEX_HTP_PORT is not known; is FLEX_HTTP_PORT meant?')
  t.match(ended.stderr, 'FLEX_LOG_LEVEL')
})

t.test('a file that is no log or no database ends with 3 and a code of the catalogue', async t => {
  const broken = join(root, 'broken')
  await mkdir(broken)
  for (const file of ['log.sqlite', 'projections.sqlite'])
    await writeFile(join(broken, file), 'not a database '.repeat(100))
  refused(t, await cli(['log', 'digest', '--data', broken]), {
    code: 3,
    message: /^flexledger: FLEX_LOG_UNAVAILABLE: \S+log\.sqlite: /
  })
  refused(t, await cli(['pod', 'list', '--data', broken]), {
    code: 3,
    message: /^flexledger: FLEX_SQL_UNAVAILABLE: \S+projections\.sqlite: /
  })
})

t.test('a port that is taken ends run and serve with 3, and leaves nothing running', async t => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const { port } = taken.address() as AddressInfo
  const message = /^flexledger: listen EADDRINUSE: address already in use 127\.0\.0\.1:\d+\n$/
  refused(t, await cli(['run', '--pods', '2', '--port', `${port}`]), { code: 3, message })
  const env = { FLEX_HTTP_PORT: `${port}`, FLEX_LOG_LEVEL: 'warn' }
  refused(t, await cli(['serve', '--data', join(root, 'taken')], { env }), { code: 3, message })
})

t.test('serve prints no data, logs JSON lines on standard error, and ends well at SIGTERM', async t => {
  const env = { FLEX_HTTP_PORT: '0' }
  const ended = await cli(['serve', '--data', join(root, 'served')], {
    env,
    signalAt: { output: /"serving"/, signal: 'SIGTERM' }
  })
  done(t, ended, 'serve')
  t.equal(ended.stdout, '')
  const messages = linesOf(ended.stderr).map(line => jsonIn(line).msg)
  t.ok(messages.includes('serving') && messages.at(-1) === 'stopping')
})

t.test('log read prints decoded records, one JSON document a line', async t => {
  const ended = await cli([
    'log',
    'read',
    'flex.market.events',
    '--type',
    'OfferPlaced',
    '--limit',
    '5',
    '--data',
    data
  ])
  done(t, ended, 'log read')
  t.equal(ended.stderr, '')
  const records = linesOf(ended.stdout).map(jsonIn)
  t.equal(records.length, 5)
  for (const record of records) {
    t.strictSame(Object.keys(record), ['partition', 'offset', 'message'])
    t.equal(record.message.type, 'OfferPlaced')
  }
})

t.test('log read --json adds the envelope, --key and --from choose', async t => {
  const topic = ['log', 'read', 'validated_outcome_TSO', '--json', '--data', data]
  const all = linesOf((await cli(topic)).stdout).map(jsonIn)
  t.ok(all.length > 1)
  for (const record of all)
    t.match(record, {
      key: String,
      time: /^2016-01-0\dT/,
      headers: { ce_specversion: '1.0' },
      message: { type: String }
    })
  const { offset, partition, key } = all.at(-1)
  const last = await cli([...topic, '--partition', `${partition}`, '--from', `${offset}`, '--key', key])
  t.same(linesOf(last.stdout).map(jsonIn), [all.at(-1)])
  t.match(await cli([...topic, '--key', 'nobody']), { code: 0, stdout: '', stderr: '' })
})

t.test('log read --follow shows what is there, waits for more, and an interrupt ends it well', async t => {
  const args = ['log', 'read', 'flex.market.events', '--partition', '0', '--follow', '--data', data]
  const ended = await cli(args, { signalAt: { output: /\n/, signal: 'SIGINT' } })
  done(t, ended, 'log read --follow')
  t.match(jsonIn(linesOf(ended.stdout)[0] ?? ''), { offset: 0, message: { type: 'OwnershipTaken' } })
})

t.test('log digest is what run printed, as text and as JSON', async t => {
  const { records, digest, factsDigest } = jsonIn(day.stdout).log
  t.match(jsonIn((await cli(['log', 'digest', '--json', '--data', data])).stdout), { records, digest, factsDigest })
  const { stdout, stderr } = await cli(['log', 'digest', '--data', data])
  t.match(stdout, new RegExp(`^records +${records}\nfacts +\\d+\ndigest +${digest}\nfactsDigest +${factsDigest}\n$`))
  t.equal(stderr, '')
})

t.test('pod list lists all points of delivery, those of one aggregator, or the first few', async t => {
  const list = async (...flags: string[]) =>
    jsonIn((await cli(['pod', 'list', '--json', '--data', data, ...flags])).stdout).pods as { aggregatorId: string }[]
  const all = await list()
  const own = await list('--aggregator', 'ACEAE')
  t.equal(all.length, 12)
  t.ok(own.length > 0 && own.length < 12)
  t.ok(own.every(({ aggregatorId }) => aggregatorId === 'ACEAE'))
  t.same(await list('--limit', '3'), all.slice(0, 3))
  const { stdout, stderr } = await cli(['pod', 'list', '--data', data])
  t.match(stdout, /^PoD +aggregator +status +PoM +feeder +substation +up W +down W\n/)
  t.equal(linesOf(stdout).length, 13)
  t.equal(stderr, '')
})

t.test('session show shows times, requests and offers; a session that is not there is a finding', async t => {
  const shown = await cli(['session', 'show', session, '--data', data])
  done(t, shown, 'session show')
  t.match(shown.stdout, new RegExp(`^${session}  dayAhead  validated\n`))
  t.equal(shown.stderr, '')
  const document = jsonIn((await cli(['session', 'show', session, '--limit', '2', '--json', '--data', data])).stdout)
  t.match(document, { session: { sessionId: session, status: 'validated' } })
  t.equal(document.offers.length, 2)
  t.ok(document.requests.length > 2, 'the limit is one of offers')
  refused(t, await cli(['session', 'show', '2016-01-05.DA.ROMA99', '--data', data]), {
    code: 1,
    message: /there is no session 2016-01-05\.DA\.ROMA99\n/
  })
})

t.test('projection rebuild makes a new generation with the same content', async t => {
  const before = await cli(['session', 'show', session, '--json', '--data', data])
  const named = await cli(['projection', 'rebuild', 'sessions', 'outcomes', '--json', '--quiet', '--data', data])
  done(t, named, 'projection rebuild')
  t.equal(named.stderr, '')
  t.match(jsonIn(named.stdout), {
    rebuilt: [
      { projection: 'sessions', generation: 2, problems: 0 },
      { projection: 'outcomes', generation: 2, problems: 0 }
    ]
  })
  t.equal((await cli(['session', 'show', session, '--json', '--data', data])).stdout, before.stdout)
  const all = await cli(['projection', 'rebuild', '--data', data])
  done(t, all, 'projection rebuild')
  t.match(all.stdout, /^pods: generation 2\n/)
  t.match(all.stdout, /\nsessions: generation 3\n/)
  t.match(all.stderr, /^pods: flex\.registry\.events\/0 \d+ of \d+\n/)
})

t.test('tables that were lost are built again from the log', async t => {
  const copy = join(root, 'lost')
  await mkdir(copy)
  await cp(join(data, 'log.sqlite'), join(copy, 'log.sqlite'))
  const before = await cli(['pod', 'list', '--data', data])
  done(t, await cli(['projection', 'rebuild', '--quiet', '--data', copy]), 'projection rebuild')
  t.equal((await cli(['pod', 'list', '--data', copy])).stdout, before.stdout)
})

t.test('market clear gives the outcome of a book, from a file and from standard input', async t => {
  const file = join(books, 'feeder-and-pom.json')
  const outcome = jsonIn(await readFile(join(books, 'feeder-and-pom.outcome.json'), 'utf8'))
  const { version: _, ...expected } = outcome
  const fromFile = await cli(['market', 'clear', file, '--json'])
  done(t, fromFile, 'market clear')
  t.equal(fromFile.stderr, '')
  t.match(jsonIn(fromFile.stdout), expected)
  const fromInput = await cli(['market', 'clear', '-', '--json'], { stdin: await readFile(file, 'utf8') })
  t.equal(fromInput.stdout, fromFile.stdout)
})

t.test('market clear --oracle says that the full model agrees, beside the readable outcome', async t => {
  const ended = await cli(['market', 'clear', join(books, 'block.json'), '--oracle'])
  done(t, ended, 'market clear --oracle')
  t.match(ended.stdout, /^cleared by mixed-integer-programme, gap 0, \d+ nodes\n/)
  t.equal(ended.stderr, 'the full model finds the same optimum\n')
})

t.test('a broken book is refused with all its problems and their places', async t => {
  const book = jsonIn(await readFile(join(books, 'block.json'), 'utf8'))
  book.offers[0].direction = 'SIDEWAYS'
  book.offers[1].colour = 'red'
  delete book.requests[0].service
  const ended = await cli(['market', 'clear', '-', '--json'], { stdin: JSON.stringify(book) })
  refused(t, ended, { code: 2, message: /^flexledger: - is no order book:\n/ })
  for (const place of ['/offers/0/direction', '/offers/1/colour', '/requests/0/service'])
    t.match(ended.stderr, `\n  ${place}: `)
  refused(t, await cli(['market', 'clear', '-'], { stdin: '{"mtus": 4,' }), { code: 2, message: /- is no JSON: / })
  refused(t, await cli(['market', 'clear', join(root, 'no.json')]), { code: 2, message: /no\.json cannot be read: / })
})

t.test('an older Node.js hands over to the pinned one: outputs, input and exit code', async t => {
  const older = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.9.0'}})`
  const starting = { nodeFlags: ['--import', older] }
  const book = await readFile(join(books, 'block.json'), 'utf8')
  const cleared = await cli(['market', 'clear', '-', '--json'], { ...starting, stdin: book })
  done(t, cleared, 'market clear')
  t.equal(jsonIn(cleared.stdout).algorithm, 'mixed-integer-programme')
  refused(t, await cli(['session', 'show', 'none', '--data', data], starting), { code: 1, message: /no session none/ })
  const follow = ['log', 'read', 'flex.market.events', '--partition', '0', '--follow', '--data', data]
  t.equal(
    (await cli(follow, { ...starting, signalAt: { output: /\n/, signal: 'SIGINT' } })).code,
    0,
    'an interrupt is passed on'
  )
})

t.test('before npm ci, on any Node.js, one line says what to do', async t => {
  const bare = join(root, 'bare', 'cli')
  await mkdir(bare, { recursive: true })
  for (const file of ['flexledger.mjs', 'main.ts']) await cp(new URL(file, import.meta.url), join(bare, file))
  const script = join(bare, 'flexledger.mjs')
  const older = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.9.0'}})`
  for (const nodeFlags of [[], ['--import', older]])
    refused(t, await cli(['--help'], { script, nodeFlags }), {
      code: 3,
      message: /^flexledger: [^\n]*; run npm ci first\n$/
    })
})

t.test('no output to a pipe has an escape code, whatever NO_COLOR says', async t => {
  const coloured = await cli(['pod', 'list', '--data', data], { env: { FORCE_COLOR: '1' } })
  const plain = await cli(['pod', 'list', '--data', data], { env: { NO_COLOR: '1' } })
  t.equal(coloured.stdout, plain.stdout)
  t.ok(everyOutput.length > 100)
  t.notOk(everyOutput.some(text => text.includes('\x1b')))
})
