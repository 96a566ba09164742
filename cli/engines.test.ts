import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { lacking } from '../infra/engines/for-tests.ts'
import { flexledger } from './command-line.fixtures.ts'

t.test(
  'engines start, say so if they run already, and stop with nothing left',
  { skip: await lacking('mosquitto') },
  async t => {
    const dir = t.testdir()
    const engines = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await flexledger(['engines', ...args, '--dir', dir, '--json'])
      t.equal(code, 0, stderr)
      return { stderr, ...Object(JSON.parse(stdout)) }
    }
    t.teardown(() => flexledger(['engines', 'stop', 'all', '--dir', dir]))
    t.match(await engines('status', 'mosquitto'), { engines: [{ name: 'mosquitto', status: 'absent', pids: [] }] })
    const { engines: started } = await engines('start', 'mosquitto')
    t.match(started, [{ name: 'mosquitto', status: 'running', ranAlready: false, url: /^mqtt:\/\/127\.0\.0\.1:\d+$/ }])
    const again = await engines('start', 'mosquitto', 'mosquitto')
    t.match(again.stderr, 'mosquitto already runs')
    t.match(again.engines, [{ url: started[0].url, pids: started[0].pids, ranAlready: true }])
    t.match(await engines('stop', 'mosquitto', 'kafka'), {
      engines: [{ status: 'stopped', url: started[0].url, pids: [] }, { status: 'absent' }]
    })
    // Ended, it may still wait for the machine to collect it; then it has no command line.
    t.equal(await readFile(`/proc/${started[0].pids[0]}/cmdline`, 'utf8').catch(() => ''), '')
  }
)

t.test('an engine that does not exist is wrong use', async t => {
  const { code, stderr } = await flexledger(['engines', 'start', 'rabbitmq'])
  t.equal(code, 2)
  t.equal(
    stderr,
    'flexledger: no such engine: rabbitmq; there are kafka, kafka-3, registry, postgres, mosquitto, all\n'
  )
})

t.test('a certificate is issued by the authority of a folder, and by none if there is none', async t => {
  const dir = join(t.testdir(), 'pki')
  const pki = (...args: readonly string[]) => flexledger(['pki', ...args, '--dir', dir])
  t.match(await pki('issue', 'ACEAE'), { code: 2, stderr: /has no authority/ })
  t.match(await pki('init', 'a,b'), { code: 2, stderr: /a name is/ })
  t.match(await pki('init', 'example'), { code: 0, stdout: `authority example in ${dir}\n` })
  t.match(await pki('init', 'example'), { code: 2, stderr: /has an authority already/ })
  t.match(await pki('issue', 'ACEAE', '--json'), { code: 0, stdout: /ACEAE\.bundle\.pem/ })
  t.match(await pki('issue', 'ca'), { code: 2, stderr: /the authority itself/ })
  t.match(await pki('issue', 'broker', '--server', 'localhost', '127.0.0.1'), { code: 0 })
  t.ok(existsSync(join(dir, 'broker.bundle.pem')))
})
