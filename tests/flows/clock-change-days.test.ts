import t from 'tap'
import { documentOf } from './command-line.ts'

interface Day {
  readonly sessions: readonly { readonly id: string; readonly status: string; readonly gap: number }[]
}

for (const [date, what] of [
  ['2016-03-27', 'of 92 quarter-hours'],
  ['2016-10-30', 'of 100 quarter-hours']
] as const)
  t.test(`T-03: a market day ${what} is validated, each session proven to a tenth of a percent`, async t => {
    const { sessions } = await documentOf<Day>('run', '--exit', '--json', '--quiet', '--pods', '40', '--date', date)
    t.equal(sessions.length, 7)
    for (const { id, status, gap } of sessions) {
      t.equal(status, 'validated', id)
      t.ok(gap <= 0.001, `${id}: gap ${gap}`)
    }
  })
