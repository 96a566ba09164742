import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { end, isAlive, kill, launch, signal } from './engine-process.ts'

const sleeper = { command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'] }
const deaf = {
  command: process.execPath,
  args: ['-e', "process.on('SIGTERM', () => {}); console.log('deaf'); setInterval(() => {}, 1000)"]
}

const options = (dir: string) => ({ logFile: join(dir, 'log'), cwd: dir, persistent: true })

t.test('a process that was asked to end has ended', async t => {
  const engine = await launch(sleeper, options(t.testdir()))
  t.ok(isAlive(engine))
  await end(engine, 'SIGTERM', 10_000)
  t.notOk(isAlive(engine))
  await end(engine, 'SIGTERM', 10_000)
  t.notOk(signal(engine, 'SIGTERM'), 'and can be asked again without harm')
})

t.test('a process that is paused is ended too', async t => {
  const engine = await launch(sleeper, options(t.testdir()))
  t.ok(signal(engine, 'SIGSTOP'))
  await end(engine, 'SIGTERM', 10_000)
  t.notOk(isAlive(engine))
})

t.test('a process that does not listen is killed', async t => {
  const dir = t.testdir()
  const engine = await launch(deaf, options(dir))
  while (!readFileSync(join(dir, 'log'), 'utf8').includes('deaf')) await new Promise(resolve => setTimeout(resolve, 20))
  await end(engine, 'SIGTERM', 100)
  t.notOk(isAlive(engine))
})

t.test('a process with the number of ours that began at another moment is never signalled', async t => {
  const other = spawn(sleeper.command, sleeper.args, { stdio: 'ignore' })
  t.teardown(() => void other.kill('SIGKILL'))
  const recycled = { pid: other.pid ?? 0, began: 'another boot 1' }
  t.notOk(isAlive(recycled))
  t.notOk(signal(recycled, 'SIGKILL'))
  await kill(recycled)
  await end(recycled, 'SIGTERM', 1_000)
  t.equal(other.exitCode, null)
  t.equal(other.signalCode, null)
})

t.test('a program that is not there is an error that names it', async t => {
  await t.rejects(launch({ command: '/no/such/program', args: [] }, options(t.testdir())), {
    code: 'FLEX_ENGINE_FAILED',
    message: /\/no\/such\/program does not start/
  })
})

t.test('our settings are not those of an engine', async t => {
  const dir = t.testdir()
  process.env['FLEX_LOG_URL'] = 'memory:'
  t.teardown(() => {
    delete process.env['FLEX_LOG_URL']
  })
  const shown = { command: '/usr/bin/env', args: [] }
  const engine = await launch(shown, options(dir))
  await end(engine, 'SIGTERM', 5_000)
  while (isAlive(engine)) await new Promise(resolve => setTimeout(resolve, 20))
  t.notMatch(readFileSync(join(dir, 'log'), 'utf8'), /FLEX_/)
})

t.test('what is killed takes its children along', async t => {
  const dir = t.testdir()
  const program = `const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true })
    console.log(child.pid)
    setInterval(() => {}, 1000)`
  const engine = await launch({ command: process.execPath, args: ['-e', program] }, options(dir))
  const said = (): string => readFileSync(join(dir, 'log'), 'utf8').trim()
  while (said() === '') await new Promise(resolve => setTimeout(resolve, 20))
  await kill(engine)
  const commandLine = (): string => {
    try {
      return readFileSync(`/proc/${said()}/cmdline`, 'utf8')
    } catch {
      return ''
    }
  }
  t.equal(commandLine(), '')
})
