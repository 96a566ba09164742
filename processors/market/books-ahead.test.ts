import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { anOffer, aPod, close, open, play, pom } from '../../domain/market/sessions/market.fixtures.ts'
import { type BookToClear, bookToClear } from '../../domain/market/sessions/market.ts'
import { booksAhead } from './books-ahead.ts'

const pods = Array.from({ length: 100 }, (_, n) => `P${n}`)
const full = () => play(...pods.map(pod => aPod(pod)), open('DA'), open('RT1'), ...pods.map(pod => anOffer(pod))).state

const recorder = () => {
  const handed: { readonly pom: string; readonly asked: BookToClear }[] = []
  return { handed, prepare: (of: string, asked: BookToClear) => void handed.push({ pom: of, asked }) }
}

t.test(
  'the book of the next gate is handed over once nothing came for a moment, and it is the book of the gate',
  async t => {
    const { handed, prepare } = recorder()
    const ahead = booksAhead({ prepare }, 20)
    const state = full()
    ahead.handled(new Set([pom]), state)
    ahead.handled(new Set([pom]), state)
    t.equal(handed.length, 0, 'not while something comes')
    await pause(200)
    t.equal(handed.length, 1)
    t.equal(handed[0]?.pom, pom)
    t.equal(handed[0]?.asked.book, bookToClear(close(), state)?.book)
  }
)

t.test(
  'nothing is handed over of a PoM without an open session, of a small book, at the gate, and after closing',
  async t => {
    const { handed, prepare } = recorder()
    const ahead = booksAhead({ prepare }, 1)
    ahead.handled(new Set(['unknown', pom]), play(aPod('A')).state)
    ahead.handled(new Set([pom]), play(aPod('A'), open('DA'), anOffer('A')).state)
    await pause(50)
    ahead.handled(new Set([pom]), full())
    ahead.cancel(pom)
    await pause(50)
    ahead.handled(new Set([pom]), full())
    ahead.close()
    await pause(50)
    t.equal(handed.length, 0)
  }
)
