/**
 * Membership by heartbeat, shared by the adapters that have no coordinator of their own: a member renews its lease every
 * third of it, and who is silent for a whole lease is gone. The adapter only stores and lists members; each member works
 * out its own share from the list. Until all have seen the same list, two may believe that they own one partition: the
 * port says so, and correctness never rests on it.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { assignedPartitions, type Member, samePartitions } from './assignment.ts'
import type { Partition, TopicSpec } from './log.ts'

/**
 * Long enough that a stalled event loop or a slow disk (hundreds of ms) does not move partitions, short enough that a
 * crash stops a partition for seconds, not minutes.
 */
export const leaseMsDefault = 3_000

export interface MemberStore {
  /** Writes or renews the lease of this member and returns the live members of the group, this one among them. */
  renew(group: string, member: Member, leaseMs: number): Promise<readonly Member[]>
  leave(group: string, memberId: string): Promise<void>
  topics(): Promise<readonly TopicSpec[]>
}

export interface MembershipOptions {
  readonly store: MemberStore
  /** Names the process in the member's id; the id is unique for each call. */
  readonly instance: string
  readonly leaseMs: number
  /** Ends the membership and leaves the group. */
  readonly signal: AbortSignal
}

export async function* membership(
  group: string,
  topics: readonly string[],
  { store, instance, leaseMs, signal }: MembershipOptions
): AsyncGenerator<readonly Partition[]> {
  const member: Member = { id: `${instance}/${randomUUID()}`, topics }
  let share: readonly Partition[] | undefined
  // The consumer may hold an assignment for as long as it likes, so the lease is renewed beside the iteration.
  const renewal = renewals(
    async () => {
      const members = await store.renew(group, member, leaseMs)
      return assignedPartitions(member.id, members, await store.topics())
    },
    leaseMs / 3,
    signal
  )
  try {
    while (!signal.aborted) {
      const next = await renewal.next(share)
      if (next === undefined) break
      share = next
      yield share
    }
  } finally {
    await renewal.stop()
    await store.leave(group, member.id)
  }
}

/** Repeats `renew` until stopped; `next` resolves with the first result that differs, or undefined at the end. */
const renewals = (renew: () => Promise<readonly Partition[]>, intervalMs: number, signal: AbortSignal) => {
  const stopped = new AbortController()
  const ended = AbortSignal.any([signal, stopped.signal])
  let latest: readonly Partition[] | undefined
  let failure: { readonly error: unknown } | undefined
  let wake = () => {}

  const run = async () => {
    try {
      while (!ended.aborted) {
        latest = await renew()
        wake()
        await delay(intervalMs, undefined, { signal: ended }).catch(() => {})
      }
    } catch (error) {
      failure = { error }
    }
    wake()
  }
  const running = run()
  ended.addEventListener('abort', () => wake(), { once: true })

  return {
    async next(current: readonly Partition[] | undefined): Promise<readonly Partition[] | undefined> {
      for (;;) {
        if (ended.aborted) {
          await running
          return undefined
        }
        if (failure) throw failure.error
        if (latest !== undefined && !samePartitions(current, latest)) return latest
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    },
    /** Resolves when no renewal is under way any more: one that came after leaving would join again. */
    stop() {
      stopped.abort()
      return running
    }
  }
}
