/**
 * A log is made as the owners of a partition could make it: several at once, each writing on in its own epoch whether it
 * still owns the partition or not, with batches that are torn and causes that come again. What the reader must give out
 * is worked out beside it, from the one fact that counts: which owner was the last to take the partition at each record.
 */
import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { type Cause, causeAssembler, ownershipTakenType, type ReaderPosition, startPosition } from './cause-reader.ts'
import { header } from './envelope.ts'
import type { StoredRecord } from './log.ts'

type Step =
  | { readonly kind: 'take'; readonly owner: number }
  /** Decides its next cause anew (`count` events) and writes the first `written` of them; torn: it then takes ownership. */
  | { readonly kind: 'write'; readonly owner: number; readonly count: number; readonly written: number }
  | { readonly kind: 'repeat'; readonly owner: number; readonly back: number; readonly count: number }

interface Owner {
  epoch: number
  nextCause: number
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('take' as const), owner: fc.nat(2) }),
  fc.record({
    kind: fc.constant('write' as const),
    owner: fc.nat(2),
    count: fc.integer({ min: 1, max: 4 }),
    written: fc.integer({ min: 0, max: 4 })
  }),
  fc.record({
    kind: fc.constant('repeat' as const),
    owner: fc.nat(2),
    back: fc.integer({ min: 1, max: 3 }),
    count: fc.integer({ min: 1, max: 3 })
  })
)

const logOf = (steps: readonly Step[], gaps: readonly number[]) => {
  const records: StoredRecord[] = []
  const expected: { cause: number; offsets: number[] }[] = []
  const owners: Owner[] = [0, 1, 2].map(() => ({ epoch: -1, nextCause: 0 }))
  let offset = 0
  let current = -1
  const store = (headers: Record<string, string>) => {
    offset += gaps[records.length % gaps.length] ?? 0
    records.push({ offset, key: 'k', value: new Uint8Array(), headers, timestamp: 0 })
    return offset++
  }
  const lastComplete = () => expected.at(-1)?.cause ?? -1
  const take = (owner: Owner) => {
    owner.epoch = current = store({ [header.type]: ownershipTakenType })
    owner.nextCause = lastComplete() + 1
  }
  const write = (owner: Owner, cause: number, count: number, written: number) => {
    const offsets = Array.from({ length: Math.min(count, written) }, (_, index) =>
      store({
        [header.type]: 'flex.market.OfferPlaced',
        [header.cause]: String(cause),
        [header.index]: String(index),
        [header.count]: String(count),
        [header.epoch]: String(owner.epoch)
      })
    )
    if (offsets.length === count && owner.epoch === current && cause > lastComplete()) expected.push({ cause, offsets })
  }

  for (const step of steps) {
    const owner = owners[step.owner]!
    if (step.kind === 'take' || owner.epoch < 0) take(owner)
    else if (step.kind === 'repeat') write(owner, Math.max(0, owner.nextCause - step.back), step.count, step.count)
    else {
      write(owner, owner.nextCause, step.count, step.written)
      // An owner that wrote all goes on, even if it has lost the partition; one whose append failed takes it again.
      if (step.written >= step.count) owner.nextCause++
      else take(owner)
    }
  }
  return { records, expected }
}

const settings = {
  numRuns: Number(process.env.FC_RUNS ?? 1000),
  ...(process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {})
}
const steps = fc.array(step, { maxLength: 60 })
const gaps = fc.array(fc.nat(2), { minLength: 1, maxLength: 5 })

const read = (records: readonly StoredRecord[], from: ReaderPosition) => {
  const reader = causeAssembler(from)
  const causes = records.map(record => reader.push(record)).filter((cause): cause is Cause => cause !== undefined)
  return causes.map(({ cause, events }) => ({ cause, offsets: events.map(event => event.offset) }))
}

t.test('each cause is given out once, in order and complete, whatever the owners did', async t => {
  fc.assert(
    fc.property(steps, gaps, (steps, gaps) => {
      const { records, expected } = logOf(steps, gaps)
      const given = read(records, startPosition)
      deepStrictEqual(given, expected)
    }),
    settings
  )
  t.pass()
})

t.test(
  'a reader that stops anywhere and resumes from its position gives out what one that never stopped gives',
  async t => {
    fc.assert(
      fc.property(steps, gaps, fc.array(fc.nat(120)), (steps, gaps, stops) => {
        const { records, expected } = logOf(steps, gaps)
        const given: Cause[] = []
        let reader = causeAssembler()
        records.forEach((record, n) => {
          const cause = reader.push(record)
          if (cause) given.push(cause)
          if (!stops.includes(n)) return
          const position = reader.position()
          reader = causeAssembler(position)
          for (const again of records.slice(0, n + 1)) {
            const cause = again.offset < position.nextOffset ? undefined : reader.push(again)
            if (cause) given.push(cause)
          }
        })
        deepStrictEqual(
          given.map(({ cause, events }) => ({ cause, offsets: events.map(event => event.offset) })),
          expected
        )
      }),
      settings
    )
    t.pass()
  }
)
