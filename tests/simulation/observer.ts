/** A reader that lives through a history. */
import { type Cause, type ReaderPosition, startPosition } from '../../infra/log/cause-reader.ts'
import type { Random } from './random.ts'
import type { Assembler } from './readers.ts'
import type { Actor } from './scheduler.ts'
import { type SimulatedStore, storedRecords } from './simulated-log.ts'
import type { ProcessorName } from './world.ts'

/** Reads along, stops and resumes from its position, and remembers where others might begin. */
export const observer = (
  store: SimulatedStore,
  kind: ProcessorName,
  partition: number,
  random: Random,
  assembler: Assembler
) => {
  const causes: Cause[] = []
  const positions: ReaderPosition[] = [startPosition]
  const run = async (actor: Actor) => {
    let reader = assembler(startPosition)
    let next = 0
    for (;;) {
      await actor.turn()
      const records = storedRecords(store, `flex.${kind}.events`, partition)
      for (const record of records.slice(next, next + random.below(8))) {
        const cause = reader.push(record)
        if (cause) causes.push(cause)
        next = record.offset + 1
      }
      if (!random.chance(0.2)) continue
      const position = reader.position()
      if (random.chance(0.3)) positions.push(position)
      reader = assembler(position)
      next = position.nextOffset
    }
  }
  return { kind, partition, causes, positions, run }
}
