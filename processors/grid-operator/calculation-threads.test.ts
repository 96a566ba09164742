import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { busOfPodIn } from '../../domain/grid/apply-services.ts'
import { compiledOf, networkOf } from '../../domain/grid/networks.fixtures.ts'
import type { AcceptedService } from '../../domain/grid/technical-validation/service.ts'
import { validateServices } from '../../domain/grid/technical-validation/validate-services.ts'
import type { ValidationCase } from '../../domain/grid/technical-validation/validation-case.ts'
import { limitsOf } from '../../domain/grid/violations.ts'
import { calculateSlots } from '../../domain/grid-operation/grid-states.ts'
import { BrokenInvariant } from '../../infra/host/broken-invariant.ts'
import { calculationThreads } from './calculation-threads.ts'
import { shareOf, stop, takenFrom } from './shares.ts'

const compiled = compiledOf(networkOf('baran-wu-33.json'))
const limits = { ...limitsOf(compiled), minPu: limitsOf(compiled).minPu.map(() => 0.9) }

const service = (pod: string, n: number, changes: Partial<AcceptedService> = {}): AcceptedService => ({
  offerId: pod,
  rank: n + 1,
  quantity: 'P',
  direction: 'DOWN',
  kind: 'continuous',
  isBlock: false,
  minAcceptance: 0,
  members: [{ pod, weight: 1 }],
  accepted: [{ slot: 0, slots: 4, amount: 40_000 }],
  ...changes
})

const judgedDay = (changes: Partial<ValidationCase> = {}): ValidationCase => ({
  ...{ compiled, limits, busOfPod: busOfPodIn(compiled) },
  slots: [0.7, 0.8, 0.9, 1].map(share => {
    const { p_kW, q_kvar } = compiled.loads
    return { loads: { p_kW: p_kW.map(p => p * share), q_kvar: q_kvar.map(q => q * share) } }
  }),
  services: compiled.loads.ids.map((pod, n) => service(pod, n, n % 3 === 0 ? { isBlock: true } : {})),
  ...changes
})

t.test('blocks that one slot cuts are cut in all, by threads as by one calculation', async t => {
  const threads = calculationThreads({ threads: 2, shareLeast: 1 })
  t.teardown(() => threads.close())
  const day = judgedDay()
  const judged = validateServices(day)
  t.ok(judged.services.some(({ slots }) => slots.some(({ reason }) => reason === 'block')))
  t.strictSame(await threads.validate(day), judged)
  const stranger = [...day.services, service('nowhere', day.services.length)]
  t.strictSame(await threads.validate({ ...day, services: stranger }), validateServices({ ...day, services: stranger }))
})

t.test(
  'what is asked for together is answered each for itself, also about more networks than a thread keeps',
  async t => {
    const threads = calculationThreads({ threads: 2, shareLeast: 1, networksMax: 2 })
    t.teardown(() => threads.close())
    const names = ['baran-wu-33.json', 'baran-wu-69.json', 'cigre-mv.json']
    const days = [...names, ...names].map(name => {
      const one = compiledOf(networkOf(name))
      return { compiled: one, limits: limitsOf(one), slots: [{}, {}, {}], start: 900_000 }
    })
    t.strictSame(
      await Promise.all(days.map(day => threads.states(day))),
      days.map(day => calculateSlots(day))
    )
    const again = days.toReversed()
    for (const day of again) t.strictSame(await threads.states(day), calculateSlots(day))
  }
)

t.test('a calculation that throws is a broken invariant with its reason, and the next one is answered', async t => {
  const threads = calculationThreads({ threads: 2, shareLeast: 1 })
  t.teardown(() => threads.close())
  const tooLong = [service(compiled.loads.ids[0]!, 0, { accepted: [{ slot: 3, slots: 2, amount: 10 }] })]
  for (const broken of [
    threads.validate(judgedDay({ services: tooLong })),
    threads.validate(judgedDay({ slots: [{ loads: { p_kW: new Float64Array(1), q_kvar: new Float64Array(1) } }] }))
  ]) {
    const failure: unknown = await broken.catch(error => error)
    t.type(failure, BrokenInvariant)
    t.match(failure, { message: /the grid calculation failed/ })
  }
  t.strictSame(await threads.validate(judgedDay()), validateServices(judgedDay()))
})

/** The thread as it is; but the first that is started ends at its first question. */
const endsOnce = async (t: Test): Promise<URL> => {
  const directory = await mkdtemp(join(tmpdir(), 'flexledger-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const file = join(directory, 'thread.mjs')
  await writeFile(
    file,
    `import { writeFileSync } from 'node:fs'
     import { parentPort } from 'node:worker_threads'
     let isFirst = true
     try {
       writeFileSync(${JSON.stringify(join(directory, 'mark'))}, '', { flag: 'wx' })
     } catch {
       isFirst = false
     }
     if (isFirst) parentPort.on('message', () => process.exit(9))
     else await import(${JSON.stringify(new URL('calculation-thread.ts', import.meta.url).href)})`
  )
  return pathToFileURL(file)
}

t.test('where a thread ends whoever waits for it is told so, and the next attempt succeeds', async t => {
  const threads = calculationThreads({ threads: 2, shareLeast: 1, script: await endsOnce(t) })
  t.teardown(() => threads.close())
  const failures: unknown[] = await Promise.all(
    [1, 2].map(() => threads.validate(judgedDay()).catch((error: unknown) => error))
  )
  for (const failure of failures) {
    t.match(failure, { message: 'a thread of the grid calculation ended with 9' })
    t.notOk(failure instanceof BrokenInvariant, 'another attempt may succeed')
  }
  t.strictSame(await threads.validate(judgedDay()), validateServices(judgedDay()))
})

t.test('closing ends the threads, and whoever waits for them', async t => {
  const threads = calculationThreads({ threads: 2, shareLeast: 1 })
  const waiting = threads.validate(judgedDay()).catch((error: unknown) => error)
  await threads.close()
  t.match(await waiting, { message: /a thread of the grid calculation ended/ })
  t.notOk((await waiting) instanceof BrokenInvariant)
  await threads.close()
})

t.test('a slot is taken once, in the order in which they are given, and none after the end', async t => {
  const share = shareOf([5, 2, 9])
  const order: number[] = []
  const first = takenFrom(share, slot => {
    order.push(slot)
    if (slot === 2) stop(share)
    return slot * 10
  })
  t.strictSame(order, [5, 2])
  t.strictSame(
    [...first],
    [
      [5, 50],
      [2, 20]
    ]
  )
  t.equal(takenFrom(share, () => 0).size, 0)
})
