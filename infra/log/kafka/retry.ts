/** Waiting that ends early, and trying again with a growing delay until a deadline. */
import { setTimeout as delay } from 'node:timers/promises'
import { isTransient } from './broker-errors.ts'
import type { KafkaLimits } from './limits.ts'

export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined)

export const retryDelayMs = ({ retryMsMin, retryMsMax }: KafkaLimits, attempts: number): number =>
  Math.min(retryMsMax, retryMsMin * 2 ** Math.min(attempts, 20))

/** `attempt` again while it fails in a way that time may mend, at most for `unavailableMs`; then its last error. */
export const persistently = async <Result>(
  limits: KafkaLimits,
  signal: AbortSignal,
  attempt: () => Promise<Result>,
  onFailure: (error: unknown) => Promise<void>
): Promise<Result> => {
  const deadline = performance.now() + limits.unavailableMs
  for (let attempts = 0; ; attempts++) {
    try {
      return await attempt()
    } catch (error) {
      if (!isTransient(error) || signal.aborted || performance.now() > deadline) throw error
      await onFailure(error)
      await pause(retryDelayMs(limits, attempts), signal)
    }
  }
}
