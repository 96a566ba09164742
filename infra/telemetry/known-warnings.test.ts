import { execFile } from 'node:child_process'
import t from 'tap'

/** What a fresh process writes to standard error. */
const saidBy = (code: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const program = `import { leaveOutKnownWarnings } from ${JSON.stringify(new URL('known-warnings.ts', import.meta.url).href)}
      leaveOutKnownWarnings()
      ${code}`
    const args = ['--input-type=module', '-e', program]
    execFile(process.execPath, args, { env: {} }, (error, _, stderr) => (error ? reject(error) : resolve(stderr)))
  })

t.test('a timer below zero is not told to the user', async t => {
  t.equal(await saidBy('setTimeout(() => {}, -5)'), '')
})

t.test('any other warning is', async t => {
  t.match(await saidBy("process.emitWarning('mind this')"), 'Warning: mind this')
  t.match(await saidBy("process.emitWarning('mind this', 'OddWarning')"), 'OddWarning: mind this')
  t.match(await saidBy("process.emitWarning('mind this', { type: 'OddWarning', code: 'C1' })"), '[C1] OddWarning')
  t.match(await saidBy('setTimeout(() => {}, 2 ** 40)'), 'TimeoutOverflowWarning')
  t.match(await saidBy("process.emitWarning(new RangeError('mind this'))"), 'RangeError: mind this')
})
