/**
 * Which partition a key belongs to: murmur2 of its UTF-8 bytes, as Kafka's own clients do it, so that a third party's
 * producer and ours agree.
 */
export const murmur2 = (bytes: Uint8Array): number => {
  const m = 0x5bd1e995
  const length = bytes.length
  let h = 0x9747b28c ^ length
  const whole = length & ~3
  for (let i = 0; i < whole; i += 4) {
    let k = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24) | 0
    k = Math.imul(k, m)
    k ^= k >>> 24
    k = Math.imul(k, m)
    h = Math.imul(h, m) ^ k
  }
  const rest = length & 3
  if (rest === 3) h ^= bytes[whole + 2]! << 16
  if (rest >= 2) h ^= bytes[whole + 1]! << 8
  if (rest >= 1) {
    h ^= bytes[whole]!
    h = Math.imul(h, m)
  }
  h ^= h >>> 13
  h = Math.imul(h, m)
  h ^= h >>> 15
  return h | 0
}

export const partitionOf = (key: string, partitions: number): number =>
  (murmur2(Buffer.from(key, 'utf8')) & 0x7fffffff) % partitions
