import t, { type Test } from 'tap'
import { clearSession } from '../../domain/market/sessions/clear-session.ts'
import {
  aBlock,
  anOffer,
  aPod,
  aRequest,
  aTsoRequest,
  close,
  open,
  play,
  someRules
} from '../../domain/market/sessions/market.fixtures.ts'
import { type BookToClear, bookToClear, evolve, initial, marketDecide } from '../../domain/market/sessions/market.ts'
import { loadSolver } from '../../domain/optimisation/solver.ts'
import { BrokenInvariant } from '../../infra/host/broken-invariant.ts'
import { encode } from '../../schemas/codec.ts'
import type { MarketCommand } from '../../schemas/generated.ts'
import { type Clearing, clearingThreads } from './clearing.ts'
import { marketProcessor } from './market.ts'
import { threadScript } from './thread-script.fixtures.ts'

const decideHere = marketDecide(clearSession(await loadSolver()))
const context = { now: 7_000 }

const aSession = (rules = someRules()): readonly MarketCommand[] => [
  ...[aPod('A'), aPod('B'), aPod('C'), open('DA', { rules })],
  ...[anOffer('A'), anOffer('B', { direction: 'DOWN' }), aBlock('C')],
  ...[aRequest({ pods: ['A', 'C'] }), aTsoRequest()]
]

const asked = (rules = someRules()) => {
  const { state } = play(...aSession(rules))
  const given = bookToClear(close(), state)
  if (!given) throw new Error('the session is not open')
  return { state, ...given }
}

t.test(
  'MP-CLR-01: a session that another thread clears closes with the events of one that is cleared here',
  async t => {
    const market = marketProcessor()
    t.teardown(() => market.close?.())
    for (const rules of [
      someRules(),
      someRules({ pricing: 'payAsBid' }),
      someRules({ objectives: ['cost', 'unreliability'] })
    ]) {
      const { state } = asked(rules)
      const there = await market.decide(close(), state, context)
      const here = decideHere(close(), asked(rules).state, context)
      t.strictSame(there, here)
      t.strictSame(there.map(encode), here.map(encode), 'with the same bytes, some of which the thread has written')
      t.ok(there.some(event => event.type === 'OfferCleared' && event.allocations.length > 0))
    }
  }
)

t.test(
  'all but the clearing is decided at once, a session that is closed already and one that is unknown too',
  async t => {
    const market = marketProcessor({
      clear: () => Promise.reject(new Error('not asked for')),
      prepare: () => {},
      close: async () => {}
    })
    let state = initial()
    for (const command of [...aSession(), close('RT1')]) {
      const events = market.decide(command, state, context)
      if (!Array.isArray(events)) throw new Error(`${command.type} is not decided at once`)
      t.strictSame(events, decideHere(command, state, context), command.type)
      for (const event of events) state = evolve(state, event)
    }
    for (const event of decideHere(close(), state, context)) state = evolve(state, event)
    t.match(market.decide(close(), state, context), [
      { type: 'MarketCommandRefused', reasons: [{ code: 'session-not-open' }] }
    ])
  }
)

/** With what comes later. */
const cleared = async (clearing: Clearing, asked: BookToClear) => {
  const { outcome, lists, digest } = await clearing.clear(asked)
  return { outcome, lists: await lists, digest: await digest }
}

t.test('books that are asked for together are all answered, each with its own outcome', async t => {
  const clearing = clearingThreads()
  t.teardown(() => clearing.close())
  const { book, rules, start } = asked()
  const fewer = { ...book, offers: book.offers.slice(0, 1) }
  const [all, one, again] = await Promise.all(
    [book, fewer, book].map(each => cleared(clearing, { book: each, rules, start }))
  )
  t.equal(all?.outcome.ranks.length, 3)
  t.equal(one?.outcome.ranks.length, 1)
  t.strictSame(again, all)
  t.not(one?.digest, all?.digest)
})

t.test('a book that was handed over ahead gives the outcome that it gives otherwise', async t => {
  const clearing = clearingThreads()
  t.teardown(() => clearing.close())
  const given = asked()
  const otherwise = await cleared(clearing, given)
  clearing.prepare('ROMA01', given)
  t.strictSame(await cleared(clearing, given), otherwise)
  t.strictSame(await cleared(clearing, given), otherwise, 'also once more, when it is not there any more')
})

t.test('a book that changed after it was handed over is cleared as it is at the gate', async t => {
  const clearing = clearingThreads()
  t.teardown(() => clearing.close())
  const given = asked()
  const changed = { ...given, book: { ...given.book, offers: given.book.offers.slice(0, 1) } }
  clearing.prepare('ROMA01', given)
  t.equal((await clearing.clear(changed)).outcome.ranks.length, 1)
  clearing.prepare('ROMA01', changed)
  clearing.prepare('ROMA01', given)
  t.equal((await clearing.clear(changed)).outcome.ranks.length, 1)
  t.equal((await clearing.clear(given)).outcome.ranks.length, 3)
})

t.test('more books than the thread keeps are all cleared, each with its own outcome', async t => {
  const clearing = clearingThreads()
  t.teardown(() => clearing.close())
  const given = asked()
  const books = Array.from({ length: 12 }, (_, n) => ({
    ...given,
    book: { ...given.book, offers: given.book.offers.slice(0, 1 + (n % 3)) }
  }))
  books.forEach((one, n) => {
    clearing.prepare(`PoM ${n}`, one)
  })
  const all = await Promise.all(books.map(one => clearing.clear(one)))
  t.strictSame(
    all.map(({ outcome }) => outcome.ranks.length),
    books.map(({ book }) => book.offers.length)
  )
})

t.test('a book that cannot be cleared is a broken invariant with its reason, and the next one is cleared', async t => {
  const clearing = clearingThreads()
  t.teardown(() => clearing.close())
  const given = asked()
  const rules = { ...given.rules, objectives: ['beauty'] }
  const failure: unknown = await clearing.clear({ ...given, rules }).catch(error => error)
  t.type(failure, BrokenInvariant)
  t.match(failure, { message: /beauty is no objective/ })
  t.equal((await clearing.clear(given)).outcome.ranks.length, 3)
})

/** A thread that ends before its first answer, then one that works. */
const endsOnce = (t: Test): Promise<URL> =>
  threadScript(
    t,
    `parentPort.on('message', async message => {
       if (message.kind === 'prepare') return
       if (existsSync(mark)) parentPort.postMessage({ id: message.id, answer: { ranks: new Int32Array(2) } })
       else {
         writeFileSync(mark, '')
         process.exit(9)
       }
     })`
  )

t.test('where the thread ends whoever waits is told so, and the next book starts another', async t => {
  const clearing = clearingThreads({ script: await endsOnce(t) })
  t.teardown(() => clearing.close())
  const given = asked()
  clearing.prepare('ROMA01', { ...given, book: { ...given.book } })
  const failures: unknown[] = await Promise.all(
    [1, 2].map(() => clearing.clear(given).catch((error: unknown) => error))
  )
  for (const failure of failures) {
    t.match(failure, { message: 'a thread of the clearing ended with 9' })
    t.notOk(failure instanceof BrokenInvariant, 'another attempt may succeed')
  }
  t.equal((await clearing.clear(given)).outcome.ranks.length, 2)
})

t.test('closing ends the thread, and whoever waits for it', async t => {
  const clearing = clearingThreads()
  const waiting = clearing.clear(asked()).catch((error: unknown) => error)
  await clearing.close()
  t.match(await waiting, { message: /a thread of the clearing ended/ })
  await clearing.close()
})
