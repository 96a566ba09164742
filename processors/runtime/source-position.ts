/**
 * Where the fact stands that a fed command or a filtered event was made from: `topic/partition@cause.index`, and `.part`
 * when one event gave several. Positions of one source partition are ordered; a receiver keeps the highest that it has
 * had, because every writer of a feed writes all of them in order, whatever it repeats.
 */

export interface SourcePosition {
  readonly topic: string
  readonly partition: number
  readonly cause: number
  readonly index: number
  readonly part: number
}

export const sourceText = ({ topic, partition, cause, index, part }: SourcePosition): string =>
  `${topic}/${partition}@${cause}.${index}${part === 0 ? '' : `.${part}`}`

const pattern = /^([A-Za-z0-9._-]{1,200})\/(\d{1,9})@(\d{1,15})\.(\d{1,15})(?:\.(\d{1,15}))?$/

/** Undefined for what is no position. */
export const parseSource = (text: string): SourcePosition | undefined => {
  const match = pattern.exec(text)
  if (!match) return undefined
  const [, topic, partition, cause, index, part] = match
  return {
    topic: topic!,
    partition: Number(partition),
    cause: Number(cause),
    index: Number(index),
    part: Number(part ?? 0)
  }
}

/** Positive if `a` stands after `b` in the same source partition. */
export const compareSources = (a: SourcePosition, b: SourcePosition): number =>
  a.cause - b.cause || a.index - b.index || a.part - b.part
