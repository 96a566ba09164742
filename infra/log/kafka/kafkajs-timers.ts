/**
 * kafkajs 2.2.4 asks, after every answer, to look at its waiting requests in "until then minus now" milliseconds, which is
 * a large negative number as long as nothing is throttled; Node 24 prints a warning about that into the user's terminal.
 * Here it asks only when something waits or is throttled. Imported for this effect; drop it with kafkajs' next release.
 */
import { createRequire } from 'node:module'

interface RequestQueue {
  readonly pending: readonly unknown[]
  readonly throttledUntil: number
  scheduleCheckPendingRequests(): void
}

const queues: { readonly prototype: RequestQueue } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue')
const schedule = queues.prototype.scheduleCheckPendingRequests

queues.prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
  if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this)
}
