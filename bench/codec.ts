/**
 * How fast messages are encoded and decoded: `node bench/codec.ts [MILLISECONDS]` per measure (default 500). The median of
 * five runs each, after a warm-up, because a shared machine is not steady. One line a message.
 */
import { cpus } from 'node:os'
import { decode, encode } from '../schemas/codec.ts'
import { examples } from '../schemas/examples.ts'
import type { Message } from '../schemas/generated.ts'

const runMs = Number(process.argv[2] ?? 500)
const runs = 5
const types: readonly Message['type'][] = [
  'CommandRepeated',
  'OfferWithdrawn',
  'OfferCleared',
  'OfferPlaced',
  'RequestPlaced',
  'SessionOpened',
  'PodRegistered'
]

let kept = 0
const perSecond = (work: () => number): number => {
  const start = performance.now()
  let count = 0
  let elapsed = 0
  while (elapsed < runMs) {
    for (let n = 0; n < 1_000; n++) kept += work()
    count += 1_000
    elapsed = performance.now() - start
  }
  return (count / elapsed) * 1_000
}

const median = (work: () => number): number => {
  perSecond(work)
  return Array.from({ length: runs }, () => perSecond(work)).sort((a, b) => a - b)[(runs - 1) / 2] ?? 0
}

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`)
for (const type of types) {
  const message = examples[type]
  const bytes = encode(message)
  const encoded = median(() => encode(message).length)
  const decoded = median(() => decode(bytes).type.length)
  console.log(
    `${type.padEnd(16)} ${String(bytes.length).padStart(5)} bytes  encoded/s ${Math.round(encoded).toLocaleString('en').padStart(11)}  decoded/s ${Math.round(decoded).toLocaleString('en').padStart(11)}`
  )
}
if (kept === 0) throw new Error('nothing was measured')
