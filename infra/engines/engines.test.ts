import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import t, { type Test } from 'tap'
import { engineStatus, startEngine, stopEngine } from './engines.ts'
import { lacking } from './for-tests.ts'

const noPostgres = await lacking('postgres')
const noMosquitto = await lacking('mosquitto')

/** In a place that the user postgres can reach, which a folder of the test runner may not be. */
const freshDir = async (t: Test): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'flexledger-engines-'))
  await chmod(dir, 0o755)
  t.teardown(async () => {
    await Promise.all((['postgres', 'mosquitto'] as const).map(name => stopEngine(name, { dir })))
    await rm(dir, { recursive: true, force: true })
  })
  return dir
}

const query = async (url: string, sql: string): Promise<readonly unknown[]> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  await client.connect()
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat()
  } finally {
    await client.end()
  }
}

/** Numbers of the processes of this machine whose command line names the folder. */
const processesOf = (dir: string): readonly number[] =>
  readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && commandLine(name).includes(dir))
    .map(Number)

const commandLine = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

t.test('an engine that was stopped and started has its data and its address', { skip: noPostgres }, async t => {
  const dir = await freshDir(t)
  const first = await startEngine('postgres', { dir })
  await query(first.url, "create table kept as select 'yes' as word")
  await first.stop()
  t.strictSame(first.pids(), [])
  t.strictSame(processesOf(dir), [], 'nothing is left running')
  t.match(await engineStatus('postgres', { dir }), { status: 'stopped', url: first.url, pids: [] })
  const second = await startEngine('postgres', { dir })
  t.equal(second.url, first.url)
  t.notOk(second.ranAlready)
  t.strictSame(await query(second.url, 'select word from kept'), ['yes'])
  t.test('killed in the middle, it has what was committed', async t => {
    await query(second.url, "insert into kept values ('too')")
    await second.kill()
    await second.startAgain()
    t.strictSame(await query(second.url, 'select word from kept order by 1'), ['too', 'yes'])
  })
})

t.test('starting an engine that runs changes nothing and says so', { skip: noMosquitto }, async t => {
  const dir = await freshDir(t)
  const first = await startEngine('mosquitto', { dir })
  const again = await startEngine('mosquitto', { dir })
  t.notOk(first.ranAlready)
  t.ok(again.ranAlready)
  t.strictSame(again.pids(), first.pids())
  t.match(await engineStatus('mosquitto', { dir }), { status: 'running', url: first.url, pids: first.pids() })
})

t.test('two who start the same engine at once get one', { skip: noMosquitto }, async t => {
  const dir = await freshDir(t)
  const [a, b] = await Promise.all([startEngine('mosquitto', { dir }), startEngine('mosquitto', { dir })])
  t.strictSame(a.pids(), b.pids())
  t.equal(processesOf(dir).length, 1)
  t.not(a.ranAlready, b.ranAlready)
})

t.test('engines in two folders run side by side', { skip: noMosquitto }, async t => {
  const one = await startEngine('mosquitto', { dir: await freshDir(t) })
  const other = await startEngine('mosquitto', { dir: await freshDir(t) })
  t.not(one.url, other.url)
  await one.stop()
  t.equal(one.pids().length, 0)
  t.equal(other.pids().length, 1)
})

t.test('what a machine that was restarted left behind counts as stopped', { skip: noMosquitto }, async t => {
  const dir = await freshDir(t)
  const engine = await startEngine('mosquitto', { dir })
  await engine.stop()
  // Our own process has the number that the engine had before.
  const file = join(engine.dir, 'engine.json')
  const state: unknown = JSON.parse(await readFile(file, 'utf8'))
  const stale = { ...Object(state), processes: [{ pid: process.pid, began: 'an earlier boot 4711' }] }
  await writeFile(file, JSON.stringify(stale))
  t.match(await engineStatus('mosquitto', { dir }), { status: 'stopped', pids: [] })
  await stopEngine('mosquitto', { dir })
  const again = await startEngine('mosquitto', { dir })
  t.equal(again.url, engine.url)
  t.not(again.pids()[0], process.pid)
})

t.test('a port that another program has taken is named', { skip: noMosquitto }, async t => {
  const dir = await freshDir(t)
  const engine = await startEngine('mosquitto', { dir })
  await engine.stop()
  const port = Number(engine.url.split(':').at(-1))
  const other = createServer()
  await new Promise<void>(resolve => other.listen(port, '127.0.0.1', resolve))
  t.teardown(() => void other.close())
  await t.rejects(startEngine('mosquitto', { dir }), {
    code: 'FLEX_ENGINE_FAILED',
    message: new RegExp(`port ${port} of mosquitto is used by another program`)
  })
})

t.test('a start that fails shows the end of the log and leaves nothing running', { skip: noPostgres }, async t => {
  const dir = await freshDir(t)
  const engine = await startEngine('postgres', { dir })
  await engine.stop()
  await writeFile(join(engine.dir, 'data', 'postgresql.conf'), 'no_such_setting = 1\n', { flag: 'a' })
  await t.rejects(startEngine('postgres', { dir }), { code: 'FLEX_ENGINE_FAILED', message: /no_such_setting/ })
  t.strictSame(processesOf(dir), [])
  t.match(await engineStatus('postgres', { dir }), { status: 'stopped' })
})

t.test('a file that no engine wrote is not taken for its state', async t => {
  const dir = t.testdir({ mosquitto: { 'engine.json': '{"ports":1}' } })
  await t.rejects(engineStatus('mosquitto', { dir }), { code: 'FLEX_ENGINE_FAILED' })
})

t.test('an engine that was never started is absent, and stopping it is no error', async t => {
  const dir = t.testdir()
  t.match(await engineStatus('kafka', { dir }), { status: 'absent', url: undefined, pids: [] })
  await stopEngine('kafka', { dir })
})

/** A process that starts an engine, says its number, and waits to be killed. */
const starter = async (dir: string, persistent: boolean): Promise<{ pid: number; kill: () => Promise<void> }> => {
  const program = `import { startEngine } from ${JSON.stringify(new URL('engines.ts', import.meta.url).href)}
    const engine = await startEngine('mosquitto', { dir: ${JSON.stringify(dir)}, persistent: ${persistent} })
    console.log(engine.pids()[0])
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] }
  })
  const exited = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const pid = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', line => resolve(Number(line)))
    child.once('exit', () => reject(new Error('it ended before it said a number')))
  })
  return {
    pid,
    async kill() {
      child.kill('SIGKILL')
      await exited
    }
  }
}

t.test('an engine ends with the process that started it, even if that is killed', { skip: noMosquitto }, async t => {
  const dir = await freshDir(t)
  const { pid, kill } = await starter(dir, false)
  t.ok(processesOf(dir).includes(pid))
  await kill()
  while (processesOf(dir).includes(pid)) await new Promise(resolve => setTimeout(resolve, 20))
  t.match(await engineStatus('mosquitto', { dir }), { status: 'stopped' })
})

t.test('a persistent engine outlives the process that started it', { skip: noMosquitto }, async t => {
  const dir = await freshDir(t)
  const { pid, kill } = await starter(dir, true)
  await kill()
  t.match(await engineStatus('mosquitto', { dir }), { status: 'running', pids: [pid] })
  await stopEngine('mosquitto', { dir })
  t.notOk(processesOf(dir).includes(pid))
})
