/** A few killed days in every test run; `node tests/robustness/kill.ts --times 50` plays more of them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { momentAt, momentText, playKilled, playUndisturbed } from './killed-day.ts'

const folder = async (): Promise<string> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'flexledger-killed-'))
  t.teardown(() => rm(dataDir, { recursive: true, force: true }))
  return dataDir
}

const undisturbed = await playUndisturbed({ dataDir: await folder(), pods: 12, seed: 1 })

/** Shares of the day: at the registration and the day-ahead session, in real time, and at its very beginning. */
for (const moments of [[0.45, 0.7], [0.9], [0.15, 0.55]])
  t.test(`a day killed at ${moments.join(' and ')} of its time ends with the facts of an undisturbed one`, async t => {
    const day = await playKilled(
      { dataDir: await folder(), pods: 12, seed: 1 },
      moments.map(share => momentAt(share, undisturbed))
    )
    t.comment(`killed at ${day.kills.map(momentText).join(', ')}`)
    t.equal(day.factsDigest, undisturbed.factsDigest)
  })
