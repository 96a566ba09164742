import t from 'tap'
import { refusalCodes } from '../../domain/units/refusal.ts'
import { refusalProblems } from '../../gateway/problem.ts'

t.test('every code that the rules refuse with has a problem of its own, and no problem is left over', async t => {
  t.strictSame(Object.keys(refusalProblems).sort(), Object.keys(refusalCodes).sort())
})
