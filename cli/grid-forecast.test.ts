/** `flexledger grid forecast` as a process of its own, on the files of examples/forecast. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { flexledger } from './command-line.fixtures.ts'

const root = await mkdtemp(join(tmpdir(), 'flexledger-forecast-'))
t.teardown(() => rm(root, { recursive: true, force: true }))
const example = (name: string): string => fileURLToPath(new URL(`../examples/forecast/${name}`, import.meta.url))
const measurements = example('measurements.csv.gz')
const berlin = ['--zone', 'Europe/Berlin']
const cli = (...args: string[]) => flexledger(['grid', 'forecast', ...args])

const written = async (name: string, text: string): Promise<string> => {
  await writeFile(join(root, name), text)
  return join(root, name)
}

t.test('DTP-FC-03: the day after the measurements is forecast for each series and their sum', async t => {
  const { code, stdout, stderr } = await cli(measurements, ...berlin, '--plants', example('plants.json'), '--json')
  t.equal(code, 0, stderr)
  t.equal(stderr, '')
  const found = JSON.parse(stdout)
  t.match(found, { horizon: 'day', start: '2016-05-15T22:00:00.000Z', slots: 96, stepMinutes: 15, weatherGaps: [] })
  t.match(found.series, [
    { id: 'house', kind: 'load', learnedDays: 35, lastLearnedDay: '2016-05-15', refusedDays: [], basis: 'own-month' },
    { id: 'office', kind: 'load' },
    { id: 'panels', kind: 'solar', basis: 'own-month' }
  ])
  for (const { p_W, q_var, p10_W, p50_W, p90_W } of found.series)
    for (const values of [p_W, q_var, p10_W, p50_W, p90_W]) t.equal(values.length, 96)
  found.sum.p_W.forEach((sum: number, slot: number) => {
    t.equal(
      sum,
      found.series.reduce((total: number, { p_W }: { p_W: number[] }) => total + p_W[slot]!, 0)
    )
  })
})

t.test('DTP-FC-01: with weather, panels follow it', async t => {
  const plants = ['--plants', example('plants.json')]
  const sunny = await cli(measurements, ...berlin, ...plants, '--weather', example('weather.csv'), '--json')
  const [, , panels] = JSON.parse(sunny.stdout).series
  t.equal(panels.basis, 'weather')
  const rows = (await readFile(example('weather.csv'), 'utf8')).trimEnd().split('\n')
  const dark = rows.map((row, n) => (n < rows.length - 24 ? row : row.replace(/,.*/, ',0')))
  const overcast = await written('dark.csv', dark.join('\n'))
  const [, , shaded] = JSON.parse(
    (await cli(measurements, ...berlin, ...plants, '--weather', overcast, '--json')).stdout
  ).series
  const energy = (values: number[]): number => values.reduce((sum, value) => sum + value, 0)
  t.ok(energy(shaded.p_W) === 0 && energy(panels.p_W) < -50_000)
})

t.test('DTP-FC-03: the next 4 hours follow the last measurement, or any instant in it', async t => {
  const after = JSON.parse((await cli(measurements, ...berlin, '--horizon', 'next', '--json')).stdout)
  t.match(after, { horizon: 'next', start: '2016-05-15T22:00:00.000Z', slots: 16 })
  const within = await cli(measurements, ...berlin, '--horizon', 'next', '--from', '2016-05-15T10:00Z', '--json')
  t.match(JSON.parse(within.stdout), { start: '2016-05-15T10:00:00.000Z', series: [{ lastLearnedDay: '2016-05-14' }] })
})

t.test('a past day is forecast from the days before it alone', async t => {
  const all = JSON.parse((await cli(measurements, ...berlin, '--date', '2016-05-02', '--json')).stdout)
  const { gunzipSync } = await import('node:zlib')
  const lines = gunzipSync(await readFile(measurements))
    .toString('utf8')
    .split('\n')
  const cut = await written(
    'cut.csv',
    lines
      .slice(
        0,
        lines.findIndex(line => line.startsWith('2016-05-01T22:00Z'))
      )
      .join('\n')
  )
  t.same(JSON.parse((await cli(cut, ...berlin, '--json')).stdout), all)
})

t.test('for people there is a table, with what was refused and where there is no weather', async t => {
  const file = await written(
    'gaps.csv',
    ['time,A_p_kW', ...Array.from({ length: 96 * 3 }, (_, n) => `${iso(n)},${n > 100 && n < 130 ? '' : 1.5}`)].join(
      '\n'
    )
  )
  const weather = await written(
    'gap.csv',
    'time,wind_m_s\n2016-01-05T00:00Z,5\n2016-01-05T01:00Z,5\n2016-01-05T04:00Z,5\n'
  )
  const { code, stdout, stderr } = await cli(file, '--zone', 'UTC', '--weather', weather)
  t.equal(code, 0, stderr)
  t.match(stdout, /A +load +2 +own-month +36\.00 +1\.500 +1\.500/)
  t.match(stdout, 'A 2016-01-06: too-many-gaps')
  t.match(stdout, 'no weather from 2016-01-05T02:00:00.000+00:00 to 2016-01-05T04:00:00.000+00:00')
  t.match(stdout, /2016-01-08T23:45 +1\.500 +0\.000 +1\.500 +1\.500/)
})

const iso = (slot: number): string => new Date(Date.parse('2016-01-05T00:00Z') + slot * 900_000).toISOString()

t.test('a series of which nothing is known is a finding', async t => {
  const file = await written('short.csv', 'time,A_p_W\n2016-01-05T00:00Z,5\n')
  const { code, stdout, stderr } = await cli(file)
  t.equal(code, 1)
  t.match(stderr, '1 of 1 series have no forecast')
  t.match(stdout, 'nothing known')
})

t.test('files with faults and flags that contradict each other are wrong use, with all reasons', async t => {
  const broken = await written('broken.csv', 'time,A_p_W\n2016-01-05T00:00,5\n2016-01-05T00:15Z,much\n')
  t.match(await cli(broken), { code: 2, stdout: '', stderr: /line 2: time must be ISO 8601/ })
  const weather = await written('broken-weather.csv', 'time,rain\n2016-01-05T00:00Z,5\n')
  t.match(await cli(measurements, '--weather', weather), { code: 2, stderr: /line 1: rain is no column/ })
  const plants = await written('plants.json', '{"panels":{"kind":"solar"},"nobody":{"kind":"load"}}')
  t.match(await cli(measurements, '--plants', plants), { code: 2, stderr: /\/panels\/rated_W/ })
  const stranger = await written('stranger.json', '{"nobody":{"kind":"load"}}')
  t.match(await cli(measurements, '--plants', stranger), { code: 2, stderr: /has no series nobody/ })
  const contradictions = [
    ['--zone', 'Europe/Atlantis'],
    ['--from', '2016-05-15T10:00Z'],
    ['--horizon', 'next', '--date', '2016-05-15'],
    ['--horizon', 'next', '--from', '2016-05-15T10:01Z'],
    ['--date', '2016-02-30'],
    ['--shared', '2']
  ]
  const results = await Promise.all(contradictions.map(flags => cli(measurements, ...flags)))
  for (const [n, result] of results.entries()) t.match(result, { code: 2, stdout: '' }, String(contradictions[n]))
})
