/**
 * Wakes the readers that wait at the end of a partition. A reader looks, finds nothing, and waits in the same turn of the
 * event loop, so no append of this process can fall between the two. Being woken promises nothing: look again.
 */

export interface AppendSignal {
  /** Resolves at the next notify of this partition, at `notifyAll`, or when one of the signals is aborted. */
  wait(partitionId: string | number, ...signals: readonly (AbortSignal | undefined)[]): Promise<void>
  notify(partitionId: string | number): void
  notifyAll(): void
  readonly waiting: number
}

export const appendSignal = (): AppendSignal => {
  const waiters = new Map<string | number, Set<() => void>>()
  let waiting = 0

  const wake = (woken: Set<() => void> | undefined) => {
    if (woken) for (const resolve of [...woken]) resolve()
  }

  return {
    wait(partitionId, ...signals) {
      if (signals.some(signal => signal?.aborted)) return Promise.resolve()
      return new Promise(resolve => {
        const done = () => {
          const others = waiters.get(partitionId)
          if (!others?.delete(done)) return
          if (others.size === 0) waiters.delete(partitionId)
          waiting--
          for (const signal of signals) signal?.removeEventListener('abort', done)
          resolve()
        }
        const others = waiters.get(partitionId)
        if (others) others.add(done)
        else waiters.set(partitionId, new Set([done]))
        waiting++
        for (const signal of signals) signal?.addEventListener('abort', done, { once: true })
      })
    },
    notify: partitionId => wake(waiters.get(partitionId)),
    notifyAll() {
      for (const woken of [...waiters.values()]) wake(woken)
    },
    get waiting() {
      return waiting
    }
  }
}
