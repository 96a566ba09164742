/**
 * A processor is a state machine over each partition of its inbox: `decide` answers a command with events, `evolve` folds
 * events into state, and the runtime (owner.ts) does everything else: ownership, order, repeats, parking, snapshots.
 * Inbox `flex.<name>.commands`, outbox `flex.<name>.events`, parked records `flex.<name>.parked`.
 */
import type { Component } from '../../infra/host/host.ts'
import type { SaltSource } from '../../infra/log/envelope.ts'
import type { Log } from '../../infra/log/log.ts'
import type { Message } from '../../schemas/generated.ts'
import { partitionOwner } from './owner.ts'
import type { ProcessorLimits } from './processor-limits.ts'
import type { Snapshots } from './snapshots.ts'

/** `now` is the recorded time of the command, for its events too. */
export interface DecisionContext {
  readonly now: number
}

export interface Processor<C extends Message, E extends Message, S> {
  readonly name: string
  initial(): S
  /**
   * At least one event. Depends on its arguments alone: what it throws is a broken invariant, and the partition stops. Long work
   * may be done elsewhere (state stands still until then); whoever rejects says whether that was a broken invariant.
   */
  decide(command: C, state: S, context: DecisionContext): readonly E[] | Promise<readonly E[]>
  /** May change `state` in place. State is plain data (structured clone), or there can be no snapshots of it. */
  evolve(state: S, event: E, context: DecisionContext): S
  /**
   * Commands under these keys were answered, and that is on the log: something may be got ready that a later decision will need.
   * May look at the state, now and later, and not change it; what is got ready may not change any answer.
   */
  handled?(keys: ReadonlySet<string>, state: S): void
  /** Changes with the shape or meaning of S: snapshots of another version are thrown away. */
  readonly stateVersion: string
  /** After the last decision of all partitions. */
  close?(): Promise<void>
}

export interface ProcessorMetrics {
  ownershipTaken(processor: string, partition: number): void
  answered(processor: string, partition: number, answers: AnswerCounts): void
}

export interface AnswerCounts {
  readonly commands: number
  readonly events: number
  readonly repeated: number
  readonly parked: number
}

export interface ProcessorOptions {
  readonly log: Log
  /** Names this process in `OwnershipTaken`. */
  readonly instance: string
  readonly snapshots: Snapshots
  readonly salt: SaltSource
  readonly limits?: Partial<ProcessorLimits>
  readonly metrics?: ProcessorMetrics
  /** A snapshot could not be saved or used: a start will take longer. */
  readonly onWarning?: (message: string, error: unknown) => void
  /** For the time of `OwnershipTaken`, on which nothing depends. */
  readonly wallClock?: () => number
}

export const processorComponent = <C extends Message, E extends Message, S>(
  processor: Processor<C, E, S>,
  options: ProcessorOptions
): Component => ({
  name: processor.name,
  inputs: [`flex.${processor.name}.commands`],
  // Partition p reads commands[p] and writes events[p] alone.
  isIndependent: true,
  worker: ({ partition }) => partitionOwner(processor, options, partition),
  ...(processor.close && { close: () => processor.close!() })
})
