/**
 * `flexledger run`: the market day of examples/market-day on the embedded engines, with a stepped clock at full speed. The
 * parties talk to the gateway over HTTP like anybody else; this command only moves the clock and prints the account.
 *
 * With --data it can be killed at any moment and started again: the clock goes on from the latest time on the log, the
 * script is played from its beginning, what was sent before is answered as a repetition, and the day ends with the same
 * facts.
 */

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dayTypeOf } from '../../domain/forecast/local-day.ts'
import { calendars, planSessions } from '../../domain/market/sessions/calendar.ts'
import { isDate } from '../../domain/units/time.ts'
import type { GridLine } from '../../examples/market-day/grid-account.ts'
import { playMarketDay } from '../../examples/market-day/market-day.ts'
import { profilesOfDay } from '../../examples/market-day/profiles/day-profiles.ts'
import { profileDays } from '../../examples/market-day/profiles/profiles.ts'
import { steppedClock } from '../../infra/clock/stepped-clock.ts'
import { type Config, loadConfig } from '../../infra/config/config.ts'
import { seededSalt } from '../../infra/log/envelope.ts'
import { openLog, parseLogUrl } from '../../infra/log/open-log.ts'
import { logger } from '../../infra/telemetry/logger.ts'
import { type App, startApp } from '../app/app.ts'
import { type DayAccount, dayAccount, readableAccount } from '../app/day-account.ts'
import { credentialsOf, developmentClients } from '../app/development-clients.ts'
import { type LogDigest, logDigest } from '../app/log-digest.ts'
import { latestTime } from '../app/log-time.ts'
import { readableGrid } from '../app/readable-grid.ts'
import { Finding, type OutputFlags, printJson, printText, progress, progressDone, UsageError } from '../output.ts'

interface Flags extends OutputFlags {
  readonly pods: number
  readonly seed: number
  readonly date: string
  readonly gridOperator: 'built-in' | 'external'
  readonly data?: string
  readonly port?: number
  readonly exit?: boolean
}

export const run = async (flags: Flags): Promise<void> => {
  if (!isDate(flags.date)) throw new UsageError(`${flags.date} is no date`)
  if (!profileDays.includes(flags.date))
    throw new UsageError(`there are no profiles for ${flags.date}; there are for ${profileDays.join(', ')}`)
  const began = performance.now()
  await using opened = new AsyncDisposableStack()
  const dataDir = flags.data ?? (await mkdtemp(join(tmpdir(), 'flexledger-')))
  if (flags.data === undefined) opened.defer(() => rm(dataDir, { recursive: true, force: true }))
  const port = flags.port ?? (flags.exit ? 0 : undefined)
  const config = loadConfig({
    FLEX_LOG_LEVEL: 'warn',
    ...process.env,
    FLEX_DATA_DIR: dataDir,
    FLEX_DEV_CREDENTIALS: 'true',
    ...(port === undefined ? {} : { FLEX_HTTP_PORT: String(port) })
  })
  if (config.profile !== 'embedded')
    throw new UsageError('run plays with development credentials; it needs FLEX_PROFILE=embedded')

  const sessions = planSessions(calendars[config.calendar], flags.date, config.timeZone)
  const ends = Math.max(...sessions.map(({ validationEndsAt }) => validationEndsAt)) + 60_000
  const reached = await timeReached(config)
  if (reached !== undefined && reached > ends)
    throw new UsageError(
      `the log in ${dataDir} has come to ${new Date(reached).toISOString()}, after the end of ${flags.date}; time does not go back`
    )
  const clock = steppedClock(Math.max(sessions[0]!.opensAt - 24 * 3_600_000, reached ?? Number.NEGATIVE_INFINITY))
  const seed = String(flags.seed)
  let keys = 0
  const app = await startApp({
    config,
    clock,
    salt: seededSalt(seed),
    logger: logger(config.logLevel),
    instance: 'embedded',
    // Brokers are shared with other processes by nature; files are this process's own, and give the same log each time.
    mode: parseLogUrl(config.logUrl)?.adapter === 'kafka' ? 'free' : 'ordered',
    clients: developmentClients,
    // A day is played on a log of its own: on a server, the tables of the day before are not its.
    replacesForeignTables: true,
    newKey: () => createHash('sha256').update(`${seed}/${keys++}`).digest('hex').slice(0, 32)
  })
  opened.defer(() => app.close())
  const timings = stopwatch(began)
  timings.lap('start')
  const tell = progress(flags)
  // Settled is when the clock, too, has nothing left to do: a substation that has just become known may have a session that
  // is open by now. At the start this is what was due when the day was interrupted.
  const settled = async () => {
    await app.host.idle()
    await tickUntilQuiet(app)
  }
  await settled()
  const played = await playMarketDay({
    baseUrl: app.url,
    pods: flags.pods,
    seed: flags.seed,
    date: flags.date,
    dayType: dayTypeOf(flags.date),
    sessions,
    profiles: profilesOfDay(config.timeZone),
    credentials: credentialsOf,
    gridOperator: flags.gridOperator,
    judges: true,
    world: {
      now: () => clock.now(),
      settled,
      advanceTo: instant => advance(app, clock, instant)
    },
    onStep: step => {
      tell(step)
      timings.lap(step)
    }
  })
  await advance(app, clock, ends)
  timings.lap('end')
  progressDone(flags)

  const account = await dayAccount(app.db, flags.date)
  const grid = await played.gridAccount()
  const digest = await logDigest(app.log)
  const document = report(flags, account, grid, digest, timings.laps())
  if (flags.json) printJson(document)
  else printText(readable(flags, account, grid, digest, document))
  const unfinished = account.sessions.filter(({ status }) => status !== 'validated')
  if (unfinished.length > 0) throw new Finding(`${unfinished.length} sessions were not validated`)
  if (!flags.exit) await keepServing(app, flags)
}

/** Time goes from one due instant to the next; whatever follows from one has happened before the next comes. */
const advance = async (app: App, clock: ReturnType<typeof steppedClock>, instant: number): Promise<void> => {
  while (clock.now() < instant) {
    await clock.advanceTo(Math.min(instant, app.marketClock.next()))
    await tickUntilQuiet(app)
  }
}

const tickUntilQuiet = async (app: App): Promise<void> => {
  for (;;) {
    const sent = await app.marketClock.tick()
    await app.host.idle()
    if (sent === 0) return
  }
}

/** A log is looked at only where one is: a new folder gets its files when the parts start. */
const timeReached = async ({ logUrl, kafka }: Config): Promise<number | undefined> => {
  const url = parseLogUrl(logUrl)
  if (url?.adapter === 'memory' || (url?.adapter === 'sqlite' && !existsSync(url.file))) return undefined
  const log = await openLog(logUrl, { instance: 'embedded', kafka })
  try {
    return await latestTime(log)
  } finally {
    await log.close()
  }
}

const stopwatch = (began: number) => {
  const laps: { readonly step: string; readonly at: number }[] = []
  return {
    lap: (step: string) => laps.push({ step, at: performance.now() - began }),
    /** How long it was from each step to the next one, ms. */
    laps: (): Record<string, number> => {
      const durations: Record<string, number> = {}
      laps.forEach(({ step, at }, n) => {
        const before = laps[n - 1]
        if (before) durations[before.step === 'start' ? 'ready' : before.step] = Math.round(at - before.at)
        else durations[step] = Math.round(at)
      })
      durations['total'] = Math.round(laps.at(-1)?.at ?? 0)
      return durations
    }
  }
}

const report = (
  flags: Flags,
  account: DayAccount,
  grid: readonly GridLine[],
  { records, digest, factsDigest }: LogDigest,
  timingsMs: Record<string, number>
) => ({
  scenario: 'market-day',
  seed: flags.seed,
  pods: flags.pods,
  date: flags.date,
  sessions: account.sessions,
  actors: account.actors,
  grid,
  log: { records, digest, factsDigest },
  timingsMs,
  peakMemoryMB: Math.round(process.resourceUsage().maxRSS / 1024)
})

const readable = (
  flags: Flags,
  account: DayAccount,
  grid: readonly GridLine[],
  digest: LogDigest,
  { timingsMs, peakMemoryMB }: ReturnType<typeof report>
): string =>
  [
    `Market day ${flags.date}: ${flags.pods} points of delivery, seed ${flags.seed}`,
    '',
    readableAccount(account),
    '',
    readableGrid(grid),
    '',
    `log      ${digest.records} records, digest ${digest.digest.slice(0, 16)}…, facts ${digest.factsDigest.slice(0, 16)}…`,
    `took     ${((timingsMs['total'] ?? 0) / 1_000).toFixed(1)} s, at most ${peakMemoryMB} MB`
  ].join('\n')

const keepServing = async (app: App, flags: Flags): Promise<void> => {
  const { id, secret } = developmentClients.at(-1)!
  process.stderr.write(
    [
      '',
      `Still serving at ${app.url} (the clock stands at the end of the day); stop with Ctrl-C.`,
      `  API       ${app.url}/docs`,
      `  health    ${app.url}/readyz   metrics ${app.url}/metrics`,
      `  token     curl -u ${id}:${secret} -d grant_type=client_credentials ${app.url}/oauth/token`,
      `  sessions  curl -H "authorization: Bearer $TOKEN" "${app.url}/v1/sessions?date=${flags.date}"`,
      ''
    ].join('\n')
  )
  await new Promise<void>(resolve => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
}
