/**
 * Makes `year/` from a folder of SimBench profiles with an index.json: every load's and plant's active power, a line each.
 * Usage: node bench/forecast/make-year.ts FOLDER
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'

interface SourceProfile {
  readonly id: string
  readonly family: string
  readonly file: string
  readonly activeColumn: string
}

const [source] = process.argv.slice(2)
if (source === undefined) throw new Error('usage: node bench/forecast/make-year.ts FOLDER')
const index: { readonly start: string; readonly profiles: readonly SourceProfile[] } = JSON.parse(
  readFileSync(join(source, 'index.json'), 'utf8')
)

const tables = new Map<string, readonly (readonly string[])[]>()
const tableOf = (file: string): readonly (readonly string[])[] => {
  const known = tables.get(file)
  if (known) return known
  const text = gunzipSync(readFileSync(join(source, file))).toString('utf8')
  const table = text
    .trimEnd()
    .split('\n')
    .map(line => line.split(','))
  tables.set(file, table)
  return table
}

// A storage is what its owner's panels and loads make of it; it is no series of its own.
const kept = index.profiles.filter(({ family }) => family !== 'storage')
for (const family of new Set(kept.map(profile => profile.family))) {
  const lines = kept
    .filter(profile => profile.family === family)
    .map(({ id, file, activeColumn }) => {
      const [header = [], ...rows] = tableOf(file)
      const column = header.indexOf(activeColumn)
      if (column < 0) throw new Error(`${file} has no column ${activeColumn}`)
      // Ten-thousandths are the digits that there are.
      return [id, ...rows.map(row => Math.round(Number(row[column]) * 1e4) + 0)].join(',')
    })
  writeFileSync(new URL(`year/${family}.csv.gz`, import.meta.url), gzipSync(`${lines.join('\n')}\n`, { level: 9 }))
  process.stderr.write(`${family}: ${lines.length} series\n`)
}
