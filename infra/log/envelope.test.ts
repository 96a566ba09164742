import { createHash } from 'node:crypto'
import t from 'tap'
import { commandId, seededSalt } from './envelope.ts'

t.test('a seeded salt is the first 16 bytes of the SHA-256 of seed and id, in base64', async t => {
  const salt = seededSalt('seed')
  for (let n = 0; n < 500; n++) {
    const digest = createHash('sha256').update(`flexledger/salt/seed\0${n}`).digest()
    t.equal(salt(String(n)), digest.subarray(0, 16).toString('base64'))
  }
})

t.test('the id of a command is of its actor and key alone', async t => {
  const digest = createHash('sha256').update('flexledger/command\0ACEAE\0é-1').digest('hex')
  t.equal(commandId('ACEAE', 'é-1'), digest.slice(0, 32))
})
