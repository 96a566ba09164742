/** Digest of the PoD list that a session rests on (FR_MP_I_1): SHA-256 over `pod|aggregator|type|band` lines, sorted by PoD. */
import { createHash } from 'node:crypto'
import type { PodNoted } from '../../../schemas/generated.ts'

export const podListDigest = (pods: ReadonlyMap<string, PodNoted>): string => {
  const hash = createHash('sha256')
  for (const pod of [...pods.keys()].sort()) {
    const { aggregatorId, flexibilityType, maxFlexibility } = pods.get(pod)!
    const { upperP, downP, upperQ, downQ } = maxFlexibility
    hash.update(`${pod}|${aggregatorId}|${flexibilityType}|${upperP}|${downP}|${upperQ}|${downQ}\n`)
  }
  return hash.digest('hex')
}
