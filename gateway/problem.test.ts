import { readFileSync } from 'node:fs'
import t from 'tap'
import {
  ERRORS_MAX,
  gatewayProblems,
  problem,
  problemEntry,
  refusalProblem,
  refusalProblems,
  refusalStatus,
  shapeErrors
} from './problem.ts'

const base = 'https://market.example'
const reason = (code: string, path = '') => ({ code, path, detail: `about ${code}` })

t.test('a refusal has the status of its gravest reason, and all of its reasons', async t => {
  const all = [
    reason('above-band', '/a'),
    reason('unknown-offer', '/b'),
    reason('foreign-actor', '/c'),
    reason('duplicate-pod')
  ]
  t.match(refusalProblem(base, all), {
    type: 'https://market.example/problems/foreign-actor',
    status: 403,
    code: 'foreign-actor',
    detail: 'about foreign-actor',
    errors: all
  })
  t.equal(refusalProblem(base, all.slice(0, 2)).status, 404)
  t.equal(refusalProblem(base, [reason('above-band'), reason('duplicate-pod')]).status, 409)
  t.equal(refusalProblem(base, [reason('above-band')]).status, 422)
})

t.test('a refusal code that is not known yet is a 422 with its own name', async t => {
  t.match(refusalProblem(base, [reason('brand-new')]), {
    status: 422,
    code: 'brand-new',
    title: 'The command was refused.'
  })
  t.match(refusalProblem(base, []), { status: 422, code: 'refused' })
})

t.test('an unknown PoD is a 404 where it is addressed and a 422 where it is named', async t => {
  t.equal(refusalStatus(reason('unknown-pod', '/pod')), 404)
  t.equal(refusalStatus(reason('unknown-pod', '/unit/pods/3')), 422)
})

t.test('at most 100 reasons are listed and the rest is counted', async t => {
  const many = Array.from({ length: 150 }, () => reason('above-band'))
  const { errors, errorsTotal } = refusalProblem(base, many)
  t.equal(errors?.length, ERRORS_MAX)
  t.equal(errorsTotal, 150)
})

t.test('no code of the gateway is also one of the market, and only failures of ours are above 499', async t => {
  for (const [code, { status }] of Object.entries(gatewayProblems)) {
    t.notOk(code in refusalProblems, code)
    t.match(problem(base, code as keyof typeof gatewayProblems, 'detail'), { status, code })
  }
  for (const { status } of Object.values(refusalProblems)) t.ok([403, 404, 409, 422].includes(status))
})

t.test('docs/reference/problems.md lists exactly the codes that there are, with status and title', async t => {
  const page = readFileSync(new URL('../docs/reference/problems.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \| (.*) \|$/gm)].map(([, code, status, title]) => ({
    code,
    status: Number(status),
    title
  }))
  const entries = [...Object.entries(gatewayProblems), ...Object.entries(refusalProblems)]
  t.strictSame(
    rows,
    entries.map(([code, { status, title }]) => ({ code, status, title }))
  )
  const shapes = [...page.matchAll(/^\| `([a-z-]+)` \| ([^\d|].*) \|$/gm)].map(([, code, meaning]) => [code, meaning])
  t.strictSame(shapes, Object.entries(shapeErrors))
  t.match(problemEntry('above-band'), { status: 422 })
})
