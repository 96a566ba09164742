/**
 * Membership in a consumer group, used for assignment alone: nothing is fetched or committed through it. The member that
 * the coordinator names leader shares the partitions by the same function as the other adapters (../assignment.ts); the
 * subscriptions and shares are written as consumers write them, so Kafka's own tools show who has what.
 *
 *   join -> (leader: share out) sync -> heartbeat ... -> "rebalance" -> join
 *
 * A rebalance neither loses nor doubles anything, because correctness does not rest on it: until the new share is known,
 * the old one stands. While brokers are away it is tried again within the bounds, and then it is an error; whoever asked
 * for assignments asks again (infra/host/free.ts).
 */
import { assignedPartitions, type Member, samePartitions } from '../assignment.ts'
import type { Partition, TopicSpec } from '../log.ts'
import { BrokerError, isBrokerError, isTransient } from './broker-errors.ts'
import type { Cluster, Purpose } from './cluster.ts'
import {
  findCoordinatorRequest,
  heartbeatRequest,
  type JoinedGroup,
  joinGroupRequest,
  leaveGroupRequest,
  syncGroupRequest
} from './group-requests.ts'
import type { KafkaLimits } from './limits.ts'
import { protocolReader, protocolWriter } from './protocol-bytes.ts'
import { pause, retryDelayMs } from './retry.ts'

/** The name of the way of sharing: all members of a group must share alike. */
const protocol = 'flex-rendezvous'
/** ms that leaving may take: who does not hear it finds out when the session ends. */
const leaveMs = 1_000

let memberships = 0

export interface GroupOptions {
  readonly cluster: Cluster
  readonly limits: KafkaLimits
  readonly group: string
  readonly topics: readonly string[]
  readonly signal: AbortSignal
  readonly onWarning: (message: string, error: unknown) => void
}

export async function* groupAssignments(options: GroupOptions): AsyncGenerator<readonly Partition[]> {
  const { signal } = options
  const ended = new AbortController()
  let latest: readonly Partition[] | undefined
  let failure: { readonly error: unknown } | undefined
  let wake = () => {}
  const onAbort = () => wake()
  signal.addEventListener('abort', onAbort)
  const running = beMember({ ...options, signal: AbortSignal.any([signal, ended.signal]) }, partitions => {
    latest = partitions
    wake()
  }).catch(error => {
    failure = { error }
    wake()
  })

  let given: readonly Partition[] | undefined
  try {
    while (!signal.aborted) {
      if (latest && !samePartitions(given, latest)) {
        given = latest
        yield given
      } else if (failure) throw failure.error
      else
        await new Promise<void>(resolve => {
          wake = resolve
        })
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    ended.abort()
    await running
  }
}

const beMember = async (
  { cluster, limits, group, topics, signal, onWarning }: GroupOptions,
  onShare: (partitions: readonly Partition[]) => void
): Promise<void> => {
  const purpose: Purpose = `group-${++memberships}`
  let coordinator: number | undefined
  let memberId = ''
  let generation = -1
  let isComplete = true
  let deadline = performance.now() + limits.unavailableMs
  let attempts = 0
  let isWarned = false

  const findCoordinator = async (): Promise<number> => {
    const answer = await cluster.ask(findCoordinatorRequest(group))
    if (answer.errorCode !== 0) throw new BrokerError(answer.errorCode, `the coordinator of ${group}`, answer.message)
    return answer.nodeId
  }

  const join = async (): Promise<JoinedGroup> => {
    coordinator ??= await findCoordinator()
    const request = joinGroupRequest({
      group,
      memberId,
      sessionMs: limits.sessionMs,
      rebalanceMs: limits.rebalanceMs,
      protocol,
      metadata: encodeSubscription(topics)
    })
    // The answer comes when all members have joined, or were given up.
    const joined = await cluster.send(coordinator, purpose, request, limits.rebalanceMs + limits.requestMs)
    if (joined.errorCode !== 0) {
      const error = new BrokerError(joined.errorCode, `joining ${group}`)
      if (error.kind === 'MEMBER_ID_REQUIRED') memberId = joined.memberId
      throw error
    }
    memberId = joined.memberId
    generation = joined.generation
    return joined
  }

  const sync = async (joined: JoinedGroup): Promise<readonly Partition[]> => {
    const shares = joined.leader === memberId ? await shareOut(joined) : []
    const answer = await cluster.send(
      coordinator!,
      purpose,
      syncGroupRequest({ group, generation, memberId }, shares),
      limits.rebalanceMs + limits.requestMs
    )
    if (answer.errorCode !== 0) throw new BrokerError(answer.errorCode, `the share of ${group}`)
    return decodeShare(answer.assignment)
  }

  const shareOut = async (joined: JoinedGroup) => {
    const members: readonly Member[] = joined.members.map(member => ({
      id: member.memberId,
      topics: decodeSubscription(member.metadata)
    }))
    const wanted = new Set(members.flatMap(member => member.topics))
    if ([...wanted].some(topic => cluster.partitionsOf(topic) === undefined)) await cluster.refresh()
    const specs: readonly TopicSpec[] = [...wanted].flatMap(name => {
      const partitions = cluster.partitionsOf(name)
      return partitions === undefined ? [] : [{ name, partitions }]
    })
    // A topic that is made later is shared out then.
    isComplete = specs.length === wanted.size
    return members.map(({ id }) => ({
      memberId: id,
      assignment: encodeShare(assignedPartitions(id, members, specs))
    }))
  }

  /** Until the share may have changed. */
  const keepShare = async () => {
    for (;;) {
      await pause(Math.min(limits.heartbeatMs, limits.sessionMs / 3), signal)
      if (signal.aborted) return
      const errorCode = await cluster.send(coordinator!, purpose, heartbeatRequest({ group, generation, memberId }))
      if (errorCode !== 0) throw new BrokerError(errorCode, `a heartbeat to ${group}`)
      deadline = performance.now() + limits.unavailableMs
      if (isComplete) continue
      await cluster.refresh()
      if (topics.every(topic => cluster.partitionsOf(topic) !== undefined)) return
    }
  }

  let isMember = false
  try {
    while (!signal.aborted) {
      try {
        if (!isMember) {
          const share = await sync(await join())
          isMember = true
          attempts = 0
          isWarned = false
          deadline = performance.now() + limits.unavailableMs
          onShare(share)
        }
        await keepShare()
        isMember = false
      } catch (error) {
        if (signal.aborted) return
        const kind = error instanceof BrokerError ? error.kind : undefined
        if (kind === 'UNKNOWN_MEMBER_ID') memberId = ''
        if (kind && rejoining.has(kind)) {
          isMember = false
          continue
        }
        if (!isTransient(error) || performance.now() > deadline) throw error
        // Whether it is still a member, the coordinator says at the next heartbeat.
        if (!isBrokerError(error, 'COORDINATOR_LOAD_IN_PROGRESS')) coordinator = undefined
        if (!isWarned && performance.now() > deadline - limits.unavailableMs + limits.warnAfterMs) {
          isWarned = true
          onWarning(`the coordinator of ${group} is away`, error)
        }
        await pause(retryDelayMs(limits, attempts++), signal)
        await cluster.refresh().catch(() => undefined)
        if (isMember) coordinator = await findCoordinator().catch(() => coordinator)
        if (isMember && coordinator === undefined) isMember = false
      }
    }
  } finally {
    const last = coordinator
    if (last !== undefined) {
      cluster.closeConnection(last, purpose)
      // On another connection: a join that waits would be in front of it.
      if (memberId !== '')
        await cluster
          .send(last, 'control', leaveGroupRequest({ group, generation, memberId }), leaveMs)
          .catch(() => undefined)
    }
  }
}

const rejoining: ReadonlySet<string> = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'MEMBER_ID_REQUIRED'
])

const encodeSubscription = (topics: readonly string[]): Uint8Array => {
  const writer = protocolWriter().int16(0)
  return Buffer.concat(
    writer
      .array(topics, topic => writer.text(topic))
      .bytes(new Uint8Array())
      .parts()
  )
}

const decodeSubscription = (bytes: Buffer): readonly string[] => {
  const reader = protocolReader(bytes)
  reader.int16()
  return reader.array(() => reader.text())
}

const encodeShare = (partitions: readonly Partition[]): Uint8Array => {
  const writer = protocolWriter().int16(0)
  const byTopic = [...Map.groupBy(partitions, ({ topic }) => topic)]
  writer.array(byTopic, ([topic, mine]) => {
    writer.text(topic).array(mine, ({ partition }) => {
      writer.int32(partition)
    })
  })
  return Buffer.concat(writer.bytes(new Uint8Array()).parts())
}

const decodeShare = (bytes: Buffer): readonly Partition[] => {
  if (bytes.length === 0) return []
  const reader = protocolReader(bytes)
  reader.int16()
  return reader
    .array(() => {
      const topic = reader.text()
      return reader.array(() => ({ topic, partition: reader.int32() }))
    })
    .flat()
}
