/** Figures of the README are those that were recorded, with the published ones beside them. */
import { readFile } from 'node:fs/promises'
import t from 'tap'

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8')

interface Stage {
  readonly pods: number
  readonly flow0CommunicationMs: number
  readonly flow3ExecutionMs: number
  readonly flow5ExecutionMs: number
}
const flows = ['flow0CommunicationMs', 'flow3ExecutionMs', 'flow5ExecutionMs'] as const

const grouped = (value: number): string => Math.round(value).toLocaleString('en-US')
const taken = (ms: number): string => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`)

t.test('the table of flows in the README is what bench/results/flows.json says', async t => {
  const readme = await read('README.md')
  const { date, result } = JSON.parse(await read('bench/results/flows.json')) as {
    date: string
    result: {
      stages: readonly Stage[]
      published: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>
    }
  }
  t.match(readme, `on ${date.slice(0, 10)}`)
  for (const stage of result.stages) {
    const columns = flows.map(flow => {
      const [mean] = result.published[flow]?.[stage.pods] ?? []
      return `${taken(stage[flow])} (${mean === undefined ? '–' : grouped(mean)})`
    })
    t.match(readme, `| ${grouped(stage.pods)} | ${columns.join(' | ')} |`)
  }
})

t.test('what the README says of clearing is what bench/results/clearing.json says', async t => {
  const { result } = JSON.parse(await read('bench/results/clearing.json')) as {
    result: { rows: readonly { readonly book: string; readonly medianMs: number }[] }
  }
  const [constant, varying] = result.rows.map(({ medianMs }) => (medianMs / 1_000).toFixed(1))
  t.match(result.rows[0]?.book, '20000 divisible offers')
  const words = (await read('README.md')).replaceAll(/\s+/g, ' ')
  t.match(words, `${constant} s with one curve all day and ${varying} s with another curve in each quarter-hour`)
})
