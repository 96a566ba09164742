/** All commands with their flags; each command's work is in a file of its own, loaded when it runs. */
import { Command, InvalidArgumentError, Option } from 'commander'
import manifest from '../package.json' with { type: 'json' }

const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}.`)
    return value
  }

const date = (text: string): string => {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) throw new InvalidArgumentError('expected a date, YYYY-MM-DD.')
  return text
}

const share = (text: string): number => {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('expected a number from 0 to 1.')
  return value
}

const asJson = ['--json', 'print one JSON document on standard output'] as const
const quietly = ['--quiet', 'no progress on standard error'] as const
const dataFlag = ['--data <dir>', 'folder of the log and the tables (default: FLEX_DATA_DIR, or ./data)'] as const

const enginesFlag = ['--dir <dir>', 'folder of the engines and their data (default: engines in FLEX_DATA_DIR)'] as const
const pkiFlag = ['--dir <dir>', 'folder of the authority'] as const

export const program = (): Command => {
  const flexledger = new Command('flexledger')
    .description('A local electricity flexibility market between TSO and DSO, event-sourced on a log.')
    .version(manifest.version)
    .showHelpAfterError('(add --help for the flags)')
    .configureHelp({ sortSubcommands: false })
    .exitOverride()
    .addHelpText(
      'after',
      '\nData goes to standard output, progress and messages to standard error.\nExit codes: 0 done, 1 a finding, 2 wrong use, 3 an operating error.'
    )

  flexledger
    .command('run')
    .description('Play a market day with outside parties on the embedded engines, then keep serving.')
    .option('--pods <number>', 'points of delivery', whole(1, 200_000), 100)
    .option(
      '--seed <number>',
      'decides aggregators, prices and habits; the same seed gives the same day',
      whole(0, 2 ** 31 - 1),
      1
    )
    .option('--date <date>', 'delivery day, one of those in examples/market-day/profiles', date, '2016-01-05')
    .addOption(
      new Option('--grid-operator <which>', 'whose: the platform’s, or an outside party’s with rules of its own')
        .choices(['built-in', 'external'])
        .default('built-in')
    )
    .option('--data <dir>', 'keep the log and the tables here (default: a temporary folder)')
    .option('--port <number>', 'port of the gateway; 0 takes a free one', whole(0, 65_535))
    .option('--exit', 'end when the day is over')
    .option(...asJson)
    .option(...quietly)
    .action(async flags => (await import('./commands/run.ts')).run(flags))

  flexledger
    .command('serve')
    .description('Serve the market in real time, configured by the environment (docs/reference/configuration.md).')
    .option('--data <dir>', 'sets FLEX_DATA_DIR')
    .option(
      '--roles <list>',
      'sets FLEX_ROLES: all, or a list of gateway,registry,clock,market,grid-operator,projections,actor-topics'
    )
    .action(async flags => (await import('./commands/serve.ts')).serve(flags))

  const log = flexledger.command('log').description('Look at the log.')
  log
    .command('read')
    .description('Print records of a topic, decoded, one JSON document a line.')
    .argument('<topic>', 'e.g. flex.market.events')
    .option(...dataFlag)
    .option('--partition <number>', 'one partition only', whole(0, 9_999))
    .option('--from <offset>', 'first offset', whole(0, Number.MAX_SAFE_INTEGER), 0)
    .option('--limit <number>', 'most records in all', whole(1, 1_000_000_000), 100)
    .option('--type <name>', 'only messages of this type, e.g. OfferPlaced')
    .option('--key <key>', 'only records of this key')
    .option('--follow', 'go on with the live tail')
    .option('--json', 'with envelope: offset, time and headers of each record')
    .action(async (topic, flags) => (await import('./commands/log-read.ts')).logRead(topic, flags))
  log
    .command('digest')
    .description('Digests of the whole log: of every record, and of the facts that readers apply.')
    .option(...dataFlag)
    .option(...asJson)
    .action(async flags => (await import('./commands/log-digest.ts')).printLogDigest(flags))

  const actor = flexledger
    .command('actor')
    .description('Who outside may read which topic, on brokers with certificates.')
  actor
    .command('add')
    .description(
      "Let an actor read its own topic: the topic, the access lists, and a development authority's certificate."
    )
    .argument('<id>', 'as in its tokens, e.g. ACEAE')
    .addOption(new Option('--role <role>', 'what it is').choices(['aggregator', 'dso', 'tso']).makeOptionMandatory())
    .option('--pki <dir>', 'folder of the authority that issues the certificate (default: none is issued)')
    .option('--renew', 'issue a new certificate where there is one')
    .option(...asJson)
    .action(async (id, flags) => (await import('./commands/actor-add.ts')).actorAdd(id, flags))
  actor
    .command('list')
    .description('List the actors on the access lists, with their topics and consumer groups.')
    .option(...asJson)
    .action(async flags => (await import('./commands/actor-list.ts')).actorList(flags))

  flexledger
    .command('schemas')
    .description('The schemas of all messages.')
    .command('register')
    .description('Register every schema in the registry of FLEX_REGISTRY_URL, under the id that the records carry.')
    .option(...asJson)
    .action(async flags => (await import('./commands/schemas-register.ts')).schemasRegister(flags))

  flexledger
    .command('projection')
    .description('The tables that are derived from the log.')
    .command('rebuild')
    .description('Build projections again from the beginning of the log into fresh tables, then switch to them.')
    .argument('[names...]', 'which (default: all)')
    .option(...dataFlag)
    .option(...asJson)
    .option(...quietly)
    .action(async (names, flags) => (await import('./commands/projection-rebuild.ts')).projectionRebuild(names, flags))

  flexledger
    .command('market')
    .description('The rules of the market, without any server.')
    .command('clear')
    .description('Clear an order book from a file (docs/reference/market-book.md) and print the outcome.')
    .argument('<book>', 'the file; - for standard input')
    .option('--oracle', 'also solve the full model and compare (slow for large books)')
    .option(...asJson)
    .action(async (file, flags) => (await import('./commands/market-clear.ts')).marketClear(file, flags))

  const grid = flexledger.command('grid').description('Distribution networks, without any server.')
  grid
    .command('solve')
    .description('Power flow of a network (docs/reference/network.md), for its own powers or for slots.')
    .argument('<network...>', 'the file or files, gzip or not, or a folder; - for standard input')
    .option('--slots <file>', 'powers of loads, generators and storages for each slot')
    .option('--limits <file>', 'limits of voltage and loading')
    .addOption(
      new Option('--transformer-model <model>', 'where the magnetising branch stands').choices(['t', 'pi']).default('t')
    )
    .option(...asJson)
    .action(async (files, flags) => (await import('./commands/grid-solve.ts')).gridSolve(files, flags))
  grid
    .command('check')
    .description('Everything that is wrong with a network, and what there is in it.')
    .argument('<network...>', 'the file or files, gzip or not, or a folder; - for standard input')
    .option(...asJson)
    .action(async (files, flags) => (await import('./commands/grid-check.ts')).gridCheck(files, flags))
  grid
    .command('request')
    .description('The cheapest flexibility that removes every violation (docs/reference/flexibility-request.md).')
    .argument('<network...>', 'the file or files, gzip or not, or a folder')
    .requiredOption('--units <file>', 'flexible units: their bands and prices')
    .option('--slots <file>', 'powers of loads, generators and storages for each slot')
    .option('--limits <file>', 'limits of voltage and loading')
    .option('--step <watts>', 'what amounts are multiples of', whole(1, 1_000_000))
    .option('--minimum <watts>', 'the smallest amount that may be asked of a unit', whole(1, 1_000_000))
    .option(...asJson)
    .action(async (files, flags) => (await import('./commands/grid-request.ts')).gridRequest(files, flags))
  grid
    .command('validate')
    .description('Which accepted services the grid can carry (docs/reference/technical-validation.md), by rank.')
    .argument('<network...>', 'the file or files, gzip or not, or a folder')
    .requiredOption('--outcome <file>', 'accepted services, or the outcome of market clear')
    .option('--book <file>', 'the order book that the outcome of market clear came from')
    .option('--slots <file>', 'powers of loads, generators and storages for each slot, without these services')
    .option('--limits <file>', 'limits of voltage and loading')
    .option('--step <watts>', 'what continuous services are cut by', whole(1, 1_000_000))
    .option(...asJson)
    .action(async (files, flags) => (await import('./commands/grid-validate.ts')).gridValidate(files, flags))
  grid
    .command('convert')
    .description('Print a network in the own format, as JSON.')
    .argument('<network...>', 'the file or files in any format that is read, or a folder; - for standard input')
    .option('--lump-low-voltage', 'low-voltage networks without a participant as one load each, by their power flow')
    .option('--import', 'as the body of PUT /v1/networks/{pom}')
    .option('--profiles <file>', 'profiles of the import')
    .option('--limits <file>', 'limits of voltage and loading of the import')
    .option(...asJson)
    .action(async (files, flags) => (await import('./commands/grid-convert.ts')).gridConvert(files, flags))
  grid
    .command('forecast')
    .description('Forecast loads and plants from measured power (docs/reference/forecast.md).')
    .argument('<measurements>', 'the file, gzip or not; - for standard input')
    .addOption(
      new Option('--horizon <horizon>', 'a local day, or the next 4 hours').choices(['day', 'next']).default('day')
    )
    .option('--date <date>', 'the day that is forecast (default: the one after the measurements)', date)
    .option('--from <time>', 'where the next 4 hours begin (default: after the measurements)')
    .option('--weather <file>', 'weather by which plants are forecast, CSV or JSON')
    .option('--plants <file>', 'technical data of the series that are plants')
    .option('--zone <zone>', 'the clock that people live by', 'Europe/Rome')
    .option('--shared <share>', 'part of the spread that all series of the sum share, 0 to 1', share, 0)
    .option(...asJson)
    .action(async (file, flags) => (await import('./commands/grid-forecast.ts')).gridForecast(file, flags))

  flexledger
    .command('pod')
    .description('Points of delivery.')
    .command('list')
    .description('List points of delivery with their place and band.')
    .option(...dataFlag)
    .option('--aggregator <id>', 'only those of this aggregator')
    .option('--limit <number>', 'most rows', whole(1, 1_000_000), 100)
    .option(...asJson)
    .action(async flags => (await import('./commands/pod-list.ts')).podList(flags))

  flexledger
    .command('session')
    .description('Market sessions.')
    .command('show')
    .description('Show a session: times, totals, requests and accepted offers.')
    .argument('<session>', 'session id, e.g. 2016-01-05.DA.ROMA01')
    .option(...dataFlag)
    .option('--limit <number>', 'most offers shown', whole(1, 1_000_000), 20)
    .option(...asJson)
    .action(async (id, flags) => (await import('./commands/session-show.ts')).sessionShow(id, flags))

  const engines = flexledger
    .command('engines')
    .description('Kafka, schema registry, PostgreSQL and Mosquitto on this machine, without containers.')
  engines
    .command('install')
    .description('Install engines from Maven Central and Debian; start does it too.')
    .argument('<names...>', 'kafka, kafka-3, registry, postgres, mosquitto, or all')
    .option(...asJson)
    .option(...quietly)
    .action(async (names, flags) => (await import('./commands/engines.ts')).enginesInstall(names, flags))
  engines
    .command('start')
    .description(
      'Start engines, wait until they are ready, and print their addresses. They run on until they are stopped.'
    )
    .argument('<names...>', 'kafka, kafka-3, registry, postgres, mosquitto, or all')
    .option(...enginesFlag)
    .option(...asJson)
    .option(...quietly)
    .action(async (names, flags) => (await import('./commands/engines.ts')).enginesStart(names, flags))
  engines
    .command('stop')
    .description('Stop engines; their data stays.')
    .argument('<names...>', 'kafka, kafka-3, registry, postgres, mosquitto, or all')
    .option(...enginesFlag)
    .option(...asJson)
    .option(...quietly)
    .action(async (names, flags) => (await import('./commands/engines.ts')).enginesStop(names, flags))
  engines
    .command('status')
    .description('Which engines run, and where.')
    .argument('[names...]', 'which (default: all)')
    .option(...enginesFlag)
    .option(...asJson)
    .action(async (names, flags) => (await import('./commands/engines.ts')).enginesStatus(names, flags))

  const pki = flexledger.command('pki').description('A certificate authority for development.')
  pki
    .command('init')
    .description('Make an authority in a folder.')
    .argument('<name>', 'common name of the authority')
    .requiredOption(...pkiFlag)
    .option(...asJson)
    .action(async (name, flags) => (await import('./commands/pki.ts')).pkiInit(name, flags))
  pki
    .command('issue')
    .description('Issue a certificate, for a client or, with --server, for a server.')
    .argument('<name>', 'common name: who it is')
    .requiredOption(...pkiFlag)
    .option('--server <hosts...>', 'names and addresses that the server answers to')
    .option(...asJson)
    .action(async (name, flags) => (await import('./commands/pki.ts')).pkiIssue(name, flags))

  for (const { command } of commandsOf(flexledger)) command.exitOverride()
  return flexledger
}

/** All commands below this one, each with its name as typed, e.g. `log read`. */
export const commandsOf = (above: Command, prefix = ''): readonly { name: string; command: Command }[] =>
  above.commands.flatMap(command => {
    const name = `${prefix}${command.name()}`
    return [{ name, command }, ...commandsOf(command, `${name} `)]
  })
