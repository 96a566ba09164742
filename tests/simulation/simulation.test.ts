import t from 'tap'
import { causeAssembler } from '../../infra/log/cause-reader.ts'
import { type HistoryOptions, runHistory } from './history.ts'
import { doesNotLook, doesNotRetake, forgetsKeys } from './owners.ts'
import { plainAssembler } from './readers.ts'

const histories = Number(process.env.FC_RUNS ?? 200)
const firstSeed = Number(process.env.FC_SEED ?? 1)
const seeds = Array.from({ length: histories }, (_, n) => firstSeed + n)

t.test('every command is applied once, in order, on the state before it, whatever owners and feeds suffer', async t => {
  const totals = { commands: 0, ownershipsTaken: 0, torn: 0, crashed: 0, rejected: 0, paused: 0 }
  for (const seed of seeds) {
    const { problems, counts } = await runHistory({ seed })
    t.same(problems, [], `node tests/simulation/run.ts --seed ${seed}`)
    for (const what of Object.keys(totals) as (keyof typeof totals)[]) totals[what] += counts[what]
  }
  t.comment(JSON.stringify(totals))
  for (const [what, count] of Object.entries(totals)) t.ok(count > 0, `${what} happened`)
})

t.test('a history follows from its seed', async t => {
  for (const seed of seeds.slice(0, 10)) t.same(await runHistory({ seed }), await runHistory({ seed }))
})

t.test('a second formulation of the reading rules reads the same', async t => {
  for (const seed of seeds.slice(0, 30)) {
    const { problems } = await runHistory({ seed, assembler: plainAssembler() })
    t.same(problems, [], `seed ${seed}`)
  }
})

const broken: readonly [string, Omit<HistoryOptions, 'seed'>][] = [
  ['a reader that ignores epochs', { assembler: plainAssembler({ ignoresEpochs: true }) }],
  ['a reader that applies incomplete causes', { assembler: plainAssembler({ takesIncomplete: true }) }],
  ['a reader that takes a cause again', { assembler: plainAssembler({ ignoresEpochs: true, takesRepeats: true }) }],
  ['a reader that resumes without its epoch', { assembler: from => causeAssembler(from && { ...from, epoch: -1 }) }],
  ['an owner that does not take ownership again after a lost append', { owner: doesNotRetake }],
  ['an owner that does not look where its appends landed', { owner: doesNotLook }],
  ['an owner that forgets idempotency keys', { owner: forgetsKeys }]
]

for (const [what, options] of broken)
  t.test(`the simulation notices ${what}`, async t => {
    for (const seed of seeds) {
      const { problems } = await runHistory({ seed, ...options })
      if (problems.length > 0) return t.pass(`seed ${seed}: ${problems[0]?.split('\n')[0]}`)
    }
    return t.fail(`${histories} histories held`)
  })
