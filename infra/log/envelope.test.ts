import { createHash } from 'node:crypto'
import t from 'tap'
import { answerPosition, commandId, contentDigest, header, seededSalt } from './envelope.ts'

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

t.test('the place of an answer is read from whole numbers of at most 15 digits, and from nothing else', async t => {
  const at = (cause: string) =>
    answerPosition({
      offset: 0,
      key: '',
      value: new Uint8Array(),
      timestamp: 0,
      headers: { [header.cause]: cause, [header.index]: '0', [header.count]: '1', [header.epoch]: '7' }
    })?.cause
  t.equal(at('0'), 0)
  t.equal(at('007'), 7)
  t.equal(at('999999999999999'), 999_999_999_999_999)
  for (const text of ['', '1000000000000000', '-1', '+1', '1.5', '1e3', ' 1', '1 ', '0x1', '١', 'NaN'])
    t.equal(at(text), undefined, text)
})

t.test('the digest of a content is the SHA-256 of its type, a zero and its bytes', async t => {
  for (const length of [0, 1, 5_000]) {
    const value = new Uint8Array(length).fill(9)
    const digest = createHash('sha256').update('flex.a.B').update('\0').update(value).digest('hex')
    t.equal(contentDigest('flex.a.B', value), digest.slice(0, 32))
  }
})
