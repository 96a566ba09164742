/**
 * Writes the profiles of this folder from a year of SimBench profiles (data set 1-complete_data-mixed-all-2-sw, 35,136
 * quarter-hours of 2016, first column the start in UTC): a winter and a summer day, both days of the clock change, the days
 * beside them, and the same weekday of some more weeks where customers need to differ.
 *
 *   node examples/market-day/profiles/make.ts FOLDER     FOLDER holds index.json and one FAMILY.csv.gz a family
 *
 * Promises: the same bytes from the same source. No value is changed; rows and columns are left out.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { addDays, deliveryDay } from '../../../domain/units/time.ts'

/** The clock that the measured people lived by. */
const zone = 'Europe/Berlin'

const mainDays = ['2016-01-05', '2016-07-23']
const clockChanges = ['2016-03-27', '2016-10-30']
const withNeighbours = [...mainDays, ...clockChanges].flatMap(date => [addDays(date, -1), date, addDays(date, 1)])
/** Seven more Tuesdays after the winter day and Saturdays after the summer day: the same season, other habits. */
const sameWeekday = mainDays.flatMap(date => Array.from({ length: 7 }, (_, week) => addDays(date, 7 * (week + 1))))

interface Family {
  readonly name: string
  readonly source: string
  /** Undefined: the whole year. */
  readonly days: readonly string[] | undefined
}

const families: readonly Family[] = [
  { name: 'household', source: 'households', days: [...withNeighbours, ...sameWeekday] },
  { name: 'business', source: 'business', days: [...withNeighbours, ...sameWeekday] },
  // One charger is used a few hours a year, so a year of it serves for many.
  { name: 'car', source: 'cars', days: undefined },
  // Everybody has the same weather: only the days themselves.
  { name: 'heatPump', source: 'heat-pumps', days: withNeighbours },
  { name: 'pv', source: 'pv', days: withNeighbours },
  { name: 'hydro', source: 'hydro', days: withNeighbours }
]

interface SourceProfile {
  readonly id: string
  readonly family: string
  readonly file: string
  readonly activeColumn: string
  readonly reactiveColumn: string | null
}

const [source] = process.argv.slice(2)
if (source === undefined) throw new Error('usage: node examples/market-day/profiles/make.ts FOLDER')
const index: { readonly profiles: readonly SourceProfile[] } = JSON.parse(
  readFileSync(join(source, 'index.json'), 'utf8')
)

const tableOf = (
  file: string
): { readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] } => {
  const [header = [], ...rows] = gunzipSync(readFileSync(join(source, file)))
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map(line => line.split(','))
  return { header, rows }
}

const made = families.map(({ name, source: sourceFamily, days }) => {
  const profiles = index.profiles.filter(({ family }) => family === sourceFamily)
  const first = profiles[0]
  if (first === undefined) throw new Error(`${source} has no profiles of ${sourceFamily}`)
  const { header, rows } = tableOf(first.file)
  const intervals = days?.map(date => deliveryDay(date, zone))
  const kept = rows.filter(([time = '']) => {
    const start = Date.parse(time)
    return intervals === undefined || intervals.some(interval => interval.start <= start && start < interval.end)
  })
  const names = profiles.flatMap(({ activeColumn, reactiveColumn }) =>
    reactiveColumn === null ? [activeColumn] : [activeColumn, reactiveColumn]
  )
  const columns = names.map(column => {
    const at = header.indexOf(column)
    if (at < 0) throw new Error(`${first.file} has no column ${column}`)
    return at
  })
  const lines = [['time', ...names], ...kept.map(row => [row[0], ...columns.map(at => row[at])])]
  const file = `${name === 'heatPump' ? 'heat-pump' : name}.csv.gz`
  const text = `${lines.map(line => line.join(',')).join('\n')}\n`
  writeFileSync(new URL(file, import.meta.url), gzipSync(text, { level: 9 }))
  process.stderr.write(`${file}: ${kept.length} quarter-hours of ${profiles.length} profiles\n`)
  return profiles.map(({ id, activeColumn, reactiveColumn }) => ({
    id,
    family: name,
    file,
    activeColumn,
    reactiveColumn
  }))
})

writeFileSync(
  new URL('index.json', import.meta.url),
  `${JSON.stringify({ timeZone: zone, days: withNeighbours.toSorted(), profiles: made.flat() }, null, 2)}\n`
)
