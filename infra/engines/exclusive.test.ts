import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { exclusively } from './exclusive.ts'

t.test('only one at a time does its work', async t => {
  const file = join(t.testdir(), 'lock')
  let inside = 0
  let most = 0
  const work = () =>
    exclusively(file, 60_000, async () => {
      most = Math.max(most, ++inside)
      await new Promise(resolve => setTimeout(resolve, 5))
      inside--
    })
  await Promise.all([work(), work(), work()])
  t.equal(most, 1)
})

t.test('who waits too long is told, and work that fails gives the lock back', async t => {
  const file = join(t.testdir(), 'lock')
  await exclusively(file, 0, async () => {
    await t.rejects(
      exclusively(file, 0, async () => {}),
      { code: 'FLEX_ENGINE_UNAVAILABLE' }
    )
  })
  await t.rejects(
    exclusively(file, 0, async () => {
      throw new Error('broke')
    }),
    /broke/
  )
  t.equal(await exclusively(file, 0, async () => 'free'), 'free')
})

t.test('the lock of a process that was killed is free', async t => {
  const file = join(t.testdir(), 'lock')
  const program = `import { exclusively } from ${JSON.stringify(new URL('exclusive.ts', import.meta.url).href)}
    await exclusively(${JSON.stringify(file)}, 0, async () => {
      console.log('held')
      await new Promise(() => setInterval(() => {}, 1000))
    })`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  await new Promise(resolve => createInterface({ input: holder.stdout }).once('line', resolve))
  await t.rejects(
    exclusively(file, 0, async () => {}),
    { code: 'FLEX_ENGINE_UNAVAILABLE' }
  )
  const exited = new Promise(resolve => holder.once('exit', resolve))
  holder.kill('SIGKILL')
  await exited
  t.equal(await exclusively(file, 0, async () => 'free'), 'free')
})
