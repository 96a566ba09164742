import t from 'tap'
import { steppedClock } from '../../infra/clock/stepped-clock.ts'
import { ownershipTakenType } from '../../infra/log/cause-reader.ts'
import { header, seededSalt } from '../../infra/log/envelope.ts'
import { faultyLog } from '../../infra/log/faulty-log.ts'
import { memoryLog } from '../../infra/log/memory-log.ts'
import { decode, encode, fullNameOf } from '../../schemas/codec.ts'
import { examples } from '../../schemas/examples.ts'
import { topics } from '../../schemas/topics.ts'
import { marketClock } from './clock.ts'

const noon = Date.parse('2026-03-04T11:00:00Z')

t.test('a clock that cannot write what is due goes on, and writes it when the log is back', async t => {
  const log = memoryLog()
  await log.ensureTopics(Object.values(topics))
  const clock = steppedClock(noon)
  const warnings: unknown[] = []
  // The first attempt has its effect and is not answered, the second has none.
  const market = marketClock({
    log: faultyLog(log, append => (append === 1 ? 'persisted' : append === 2 ? 'not-persisted' : undefined)),
    clock,
    salt: seededSalt('clock'),
    calendar: 'platone',
    timeZone: 'Europe/Rome',
    rules: examples.OpenSession.rules,
    onWarning: (_message, error) => warnings.push(error)
  })
  const assigned = examples.PomAssigned
  const worker = market.component.worker({ topic: 'flex.registry.events', partition: 0 })
  await worker.start()
  const position = { [header.cause]: '0', [header.index]: '0', [header.count]: '1', [header.epoch]: '0' }
  const empty = { key: '', timestamp: noon }
  await worker.handle([
    { ...empty, offset: 0, value: encode(examples.OwnershipTaken), headers: { [header.type]: ownershipTakenType } },
    { ...empty, offset: 1, value: encode(assigned), headers: { [header.type]: fullNameOf('PomAssigned'), ...position } }
  ])

  const stop = new AbortController()
  const running = market.run(stop.signal)
  const sent = async (): Promise<readonly string[]> => {
    const commands: string[] = []
    for (let partition = 0; partition < topics['flex.market.commands'].partitions; partition++)
      for await (const batch of log.read('flex.market.commands', partition, 0))
        for (const { value, headers } of batch) commands.push(`${decode(value).type} ${headers[header.id]}`)
    return commands
  }
  while (warnings.length < 1) await new Promise(resolve => setImmediate(resolve))
  await clock.advanceTo(noon + 1_000)
  while (warnings.length < 2) await new Promise(resolve => setImmediate(resolve))
  await clock.advanceTo(noon + 2_000)
  while ((await sent()).length < 2) await new Promise(resolve => setImmediate(resolve))
  stop.abort()
  await running
  const commands = await sent()
  t.match(commands[0], /^OpenSession /)
  t.equal(new Set(commands).size, 1, 'it is the same command, which the market answers as a repetition')
  t.equal(warnings.length, 2)
})
