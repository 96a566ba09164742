/** The same seed gives the same market day to the last byte of the log, in whichever process it is played. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { documentOf } from './command-line.ts'

interface RunDocument {
  readonly scenario: string
  readonly seed: number
  readonly pods: number
  readonly date: string
  readonly sessions: readonly Readonly<Record<string, unknown>>[]
  readonly grid: readonly Readonly<Record<string, unknown>>[]
  readonly log: { readonly records: number; readonly digest: string; readonly factsDigest: string }
  readonly timingsMs: Readonly<Record<string, number>>
  readonly peakMemoryMB: number
}

const dataDir = await mkdtemp(join(tmpdir(), 'flexledger-determinism-'))
t.teardown(() => rm(dataDir, { recursive: true, force: true }))

const play = (seed: number, ...more: readonly string[]) =>
  documentOf<RunDocument>('run', '--exit', '--json', '--quiet', '--pods', '12', '--seed', String(seed), ...more)

// At once: what one process does may not depend on how fast it gets on.
const [first, kept, other] = await Promise.all([play(1), play(1, '--data', dataDir), play(2)])

t.test('a run prints one JSON document with every session, the digests of its log and what it cost', async t => {
  t.match(first, { scenario: 'market-day', seed: 1, pods: 12, date: '2016-01-05' })
  t.strictSame(
    first.sessions.map(({ id, type }) => [id, type]),
    [['2016-01-05.DA.ROMA01', 'DA'], ...[1, 2, 3, 4, 5, 6].map(number => [`2016-01-05.RT${number}.ROMA01`, 'RT'])]
  )
  const numbers = 'requests offers askedWh offeredWh acceptedWh residualWh costMicroEur gap'.split(' ')
  for (const session of first.sessions)
    for (const name of numbers) {
      const value = session[name]
      t.ok(typeof value === 'number' && value >= 0, `${session['id']}: ${name} is a number from 0 on`)
    }
  const [dayAhead] = first.sessions
  t.ok(Number(dayAhead?.['acceptedWh']) > 0, 'the day-ahead session buys something')
  t.equal(
    Number(dayAhead?.['acceptedWh']) + Number(dayAhead?.['residualWh']),
    Number(dayAhead?.['askedWh']),
    'what was asked for is accepted or left over'
  )
  t.match(first.grid, [{ pom: 'ROMA01', pods: 12, violationsBefore: 7, violationsAfter: 0, unsolvedAfter: 0 }])
  t.match(first.log, { records: Number, digest: /^[0-9a-f]{64}$/, factsDigest: /^[0-9a-f]{64}$/ })
  t.ok(first.log.records > 0)
  t.ok(first.timingsMs['total']! > 0)
  t.ok(first.peakMemoryMB > 0)
})

t.test('two processes that play the same seed write the same log, record by record', async t => {
  t.strictSame(kept.log, first.log)
  t.strictSame(kept.sessions, first.sessions)
})

t.test('another seed is another day', async t => {
  t.not(other.log.factsDigest, first.log.factsDigest)
  t.not(other.log.digest, first.log.digest)
})

t.test('the log that was kept has the digests that the run printed', async t => {
  t.match(await documentOf('log', 'digest', '--data', dataDir, '--json'), kept.log)
})

t.test('a day that is played again over its own log adds no facts', async t => {
  const again = await play(1, '--data', dataDir)
  t.equal(again.log.factsDigest, kept.log.factsDigest)
  t.ok(again.log.records > kept.log.records, 'repetitions and changes of owner are on the log')
  t.strictSame(again.sessions, kept.sessions)
})
