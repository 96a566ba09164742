/**
 * The id of a streamed event names the next offset of every partition, so a stream resumes exactly behind what its reader
 * has had, whatever the order in which partitions were read.
 */
export const eventId = (next: readonly number[]): string => next.join('.')

export const parseEventId = (text: string, partitions: number): readonly number[] | undefined => {
  if (!/^\d{1,15}(\.\d{1,15})*$/.test(text) || text.length > 16 * partitions) return undefined
  const next = text.split('.').map(Number)
  return next.length === partitions ? next : undefined
}
