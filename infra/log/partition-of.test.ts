import t from 'tap'
import { murmur2, partitionOf } from './partition-of.ts'

t.test("keys go where Kafka's own murmur2 partitioner puts them", async t => {
  // Values of org.apache.kafka.common.utils.Utils.murmur2, from Kafka's own unit test.
  const known: [string, number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107]
  ]
  for (const [key, hash] of known) t.equal(murmur2(Buffer.from(key)), hash, key)
  t.equal(partitionOf('foobar', 12), (-790332482 & 0x7fffffff) % 12)
})
