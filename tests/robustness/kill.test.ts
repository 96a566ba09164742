/** A few killed days in every test run; `node tests/robustness/kill.ts --times 50` plays more of them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type Moment, momentText, playKilled, playUndisturbed } from './killed-day.ts'

const folder = async (): Promise<string> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'flexledger-killed-'))
  t.teardown(() => rm(dataDir, { recursive: true, force: true }))
  return dataDir
}

const undisturbed = await playUndisturbed({ dataDir: await folder(), pods: 12, seed: 1 })

const days: readonly (readonly Moment[])[] = [
  [{ step: 'registering 12 points of delivery', afterMs: 150 }],
  [
    { step: 'DA: collecting requests and offers', afterMs: 60 },
    { step: 'RT3: collecting requests and offers', afterMs: 30 }
  ],
  [{ step: 'DA: cleared, judging the outcome', afterMs: 20 }]
]
for (const moments of days)
  t.test(
    `a day killed at ${moments.map(momentText).join(' and ')} ends with the facts of an undisturbed one`,
    async t => {
      const day = await playKilled({ dataDir: await folder(), pods: 12, seed: 1 }, moments)
      t.strictSame(day.kills, moments, 'it was killed')
      t.equal(day.factsDigest, undisturbed.factsDigest)
    }
  )
