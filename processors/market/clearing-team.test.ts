import { deepStrictEqual } from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Book } from '../../domain/market/clearing/book.ts'
import { lastingRuns } from '../../domain/market/clearing/outcome-share.ts'
import { type BookShape, randomBook } from '../../domain/market/clearing/random-book.fixtures.ts'
import { someRules } from '../../domain/market/sessions/market.fixtures.ts'
import type { BookToClear } from '../../domain/market/sessions/market.ts'
import { BrokenInvariant } from '../../infra/host/broken-invariant.ts'
import { type Clearing, type ClearingOptions, clearingThreads } from './clearing.ts'
import { dismiss, newControl, teamOf } from './clearing-team.ts'
import { threadScript } from './thread-script.fixtures.ts'

const shape: BookShape = {
  ...{ offers: 60, mtus: 24, blocks: 12, prices: 60 },
  ...{ minimum: 0, room: 0, limits: 0.3, labels: 0, bothDirections: 0, reactive: 0.3, aggregates: 0.2 },
  ...{ exclusive: false, dsoBlocksOpposite: true }
}
const start = Date.UTC(2026, 0, 12)
const rules = someRules()
const bookOf = (seed: number, of = shape): Book => {
  const book = randomBook(of, seed)
  return { ...book, rules: { ...book.rules, gapAccepted: 0.5 } }
}
const asked = (book: Book): BookToClear => ({ book, rules, start })

/** With what comes later. */
const cleared = async (clearing: Clearing, given: BookToClear) => {
  const { outcome, lists, digest } = await clearing.clear(given)
  // Columns may be longer than what stands in them.
  const runs = lastingRuns(outcome.runs)
  return { outcome: { ...outcome, runs }, lists: await lists, digest: await digest }
}

const threads = (t: Test, options: ClearingOptions): Clearing => {
  const clearing = clearingThreads({ togetherLeast: 0, ...options })
  t.teardown(() => clearing.close())
  return clearing
}

t.test(
  'books that two or three threads clear together have the outcome, the lists and the digest of one thread',
  async t => {
    const one = threads(t, { threads: 1 })
    const two = threads(t, { threads: 2 })
    const three = threads(t, { threads: 3 })
    for (let seed = 1; seed <= Number(process.env['FC_RUNS'] ?? 25); seed++) {
      const given = asked(bookOf(seed))
      const wanted = await cleared(one, given)
      for (const team of [two, three]) {
        if (seed % 2 === 0) team.prepare('ROMA01', given)
        const found = await cleared(team, given)
        deepStrictEqual(found, wanted, `seed ${seed}`)
      }
    }
    t.pass('all outcomes are equal')
  }
)

t.test('books that a team cannot clear are cleared by its first thread', async t => {
  const one = threads(t, { threads: 1 })
  const two = threads(t, { threads: 2 })
  for (const given of [
    asked(bookOf(1, { ...shape, minimum: 0.6, room: 0.8, exclusive: true })),
    {
      ...asked(bookOf(2, { ...shape, offers: 8, mtus: 4, blocks: 1 })),
      rules: someRules({ objectives: ['cost', 'unreliability'] })
    },
    asked({ ...bookOf(3), rules: { ...bookOf(3).rules, gapAccepted: 0 } })
  ]) {
    two.prepare('ROMA01', given)
    t.strictSame(await cleared(two, given), await cleared(one, given))
  }
})

t.test('books that are asked for together are cleared one after the other, each with its own outcome', async t => {
  const one = threads(t, { threads: 1 })
  const two = threads(t, { threads: 2 })
  const books = [1, 2, 3, 4, 5].map(seed => asked(bookOf(seed)))
  const wanted = await Promise.all(books.map(given => cleared(one, given)))
  t.strictSame(await Promise.all(books.map(given => cleared(two, given))), wanted)
})

t.test('a team that had too little memory has more for the next book', async t => {
  const one = threads(t, { threads: 1 })
  // Next to nothing for a step.
  const two = threads(t, { threads: 2, acceptedAtFirst: 0.001 })
  for (let n = 0; n < 12; n++) {
    const given = asked(bookOf(1, { ...shape, offers: 400, blocks: 0 }))
    t.strictSame(await cleared(two, given), await cleared(one, given))
  }
})

/** A thread like that of a clearing, which does something else where messages of a kind come to the second member. */
const threadAt = (t: Test, kind: 'clear' | 'rehearse', does: string): Promise<URL> =>
  threadScript(
    t,
    `const on = parentPort.on.bind(parentPort)
     parentPort.on = (name, listener) => on(name, message => {
       if (message.kind === '${kind}' && message.seat?.rank === 1) {
         ${does}
       }
       listener(message)
     })
     await import(${JSON.stringify(new URL('clearing-thread.ts', import.meta.url).href)})`
  )

/** Where the first `clear` comes. */
const threadThat = (t: Test, does: string): Promise<URL> =>
  threadAt(t, 'clear', `if (!existsSync(mark)) { writeFileSync(mark, ''); ${does} }`)

/** Notes each rehearsal. */
const threadThatNotes = (t: Test): Promise<URL> => threadAt(t, 'rehearse', "writeFileSync(mark, 'r', { flag: 'a' })")

const noted = (script: URL): number => {
  const mark = new URL('mark', script)
  return existsSync(mark) ? readFileSync(mark, 'utf8').length : 0
}

t.test(
  'where the thread of a member ends the first one clears the book alone, and the next one is cleared by all',
  async t => {
    const one = threads(t, { threads: 1 })
    const two = threads(t, { threads: 2, script: await threadThat(t, 'process.exit(9)') })
    for (const seed of [1, 2, 3])
      t.strictSame(await cleared(two, asked(bookOf(seed))), await cleared(one, asked(bookOf(seed))))
  }
)

t.test('where a member throws no outcome is trusted', async t => {
  const script = await threadThat(t, 'message.book = 77')
  const two = threads(t, { threads: 2, script })
  const failure: unknown = await two.clear(asked(bookOf(1))).catch((error: unknown) => error)
  t.type(failure, BrokenInvariant)
  t.match(failure, { message: /no book was prepared under 77/ })
})

t.test('closing ends threads that wait for each other', async t => {
  const script = await threadThat(t, 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)')
  const two = clearingThreads({ threads: 2, togetherLeast: 0, script })
  const waiting = two.clear(asked(bookOf(1))).catch((error: unknown) => error)
  while (!existsSync(new URL('mark', script))) await pause(20)
  // The first one waits for the second, which sleeps for ever.
  await pause(200)
  await two.close()
  t.match(await waiting, { message: /a thread of the clearing ended/ })
})

t.test(
  'the first large books that are prepared are rehearsed, a few times in all, and cleared as if they were not',
  async t => {
    const one = threads(t, { threads: 1 })
    const script = await threadThatNotes(t)
    const two = threads(t, { threads: 2, rehearsalsMost: 3, script })
    const books = [1, 2].map(seed => asked(bookOf(seed)))
    for (const given of books) {
      two.prepare('ROMA01', given)
      while (noted(script) < 3) await pause(20)
      t.strictSame(await cleared(two, given), await cleared(one, given))
    }
    two.prepare('ROMA01', asked(bookOf(3)))
    await pause(200)
    t.equal(noted(script), 3)
  }
)

t.test('where the gate comes nothing is rehearsed any more, and small books never are', async t => {
  const one = threads(t, { threads: 1 })
  const script = await threadThatNotes(t)
  const two = threads(t, { threads: 2, rehearsalsMost: 1_000_000, script })
  const given = asked(bookOf(1))
  two.prepare('ROMA01', given)
  while (noted(script) === 0) await pause(5)
  t.strictSame(await cleared(two, given), await cleared(one, given))
  const before = noted(script)
  await pause(200)
  t.equal(noted(script), before)
  const small = await threadThatNotes(t)
  threads(t, { threads: 2, togetherLeast: 1_000_000, script: small }).prepare('ROMA01', given)
  await pause(500)
  t.equal(noted(small), 0)
})

t.test('a thread that ends while it rehearses is replaced, and the book is cleared all the same', async t => {
  const one = threads(t, { threads: 1 })
  const script = await threadAt(t, 'rehearse', "if (!existsSync(mark)) { writeFileSync(mark, ''); process.exit(9) }")
  const two = threads(t, { threads: 2, script })
  const given = asked(bookOf(1))
  two.prepare('ROMA01', given)
  while (!existsSync(new URL('mark', script))) await pause(5)
  await pause(100)
  t.strictSame(await cleared(two, given), await cleared(one, given))
  two.prepare('ROMA01', asked(bookOf(2)))
  t.strictSame(await cleared(two, asked(bookOf(2))), await cleared(one, asked(bookOf(2))))
})

t.test('a member that waits for others is told when its team is dismissed', async t => {
  const control = newControl()
  const team = teamOf({ rank: 0, size: 2, control }, new SharedArrayBuffer(64))
  dismiss(control)
  t.throws(() => team.meet(), { message: /a member of the team has left/ })
})

t.test('a member that was about to sleep when its team was dismissed does not sleep', async t => {
  const control = newControl()
  const seen = Atomics.load(control, 0)
  dismiss(control)
  t.equal(Atomics.wait(control, 0, seen, 0), 'not-equal')
})

t.test('members see the same columns, and none where there is no more room', async t => {
  const seats = { size: 2, control: newControl() }
  const columns = new SharedArrayBuffer(64)
  const [first, second] = [teamOf({ ...seats, rank: 0 }, columns), teamOf({ ...seats, rank: 1 }, columns)]
  first.ints(3)[1] = 5
  t.strictSame([...second.ints(3)], [0, 5, 0])
  first.floats(2)[1] = 0.5
  t.strictSame([...second.floats(2)], [0, 0.5])
  for (const member of [first, second])
    t.throws(() => member.floats(5), { name: 'Error', message: /needs more than its 64 bytes/ })
})
