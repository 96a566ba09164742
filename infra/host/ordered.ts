/**
 * The loop of an embedded run: all partitions of all inputs belong to this process, and the workers take turns in the
 * order of the components, their topics and partitions. It sleeps until it is woken, the poll is due or a retry is.
 */
import type { HostLimits, HostOptions, Running } from './host.ts'
import { type Supervised, supervised, supervision, workerFailed } from './supervision.ts'

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export const runOrdered = (
  options: HostOptions,
  limits: HostLimits,
  partitions: ReadonlyMap<string, number>
): Running => {
  const { log, components } = options
  const workers: readonly Supervised[] = components.flatMap(component =>
    component.inputs.flatMap(topic =>
      Array.from({ length: partitions.get(topic) ?? 0 }, (_, partition) =>
        supervised(component.name, component.worker({ topic, partition }))
      )
    )
  )
  const watch = supervision(options, limits)
  const stopped = new AbortController()
  let waiting: Waiting[] = []
  let isWoken = true
  let rouse = () => {}

  const sleep = (ms: number) =>
    new Promise<void>(resolve => {
      if (isWoken || stopped.signal.aborted) return resolve()
      const timer = setTimeout(resolve, ms)
      rouse = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  const round = async () => {
    // One look at each partition a round, however many workers read it.
    const ends = new Map<string, number>()
    for (const one of workers) {
      if (stopped.signal.aborted) return
      if (one.failure?.isStopped || Date.now() < one.retryAt) continue
      const { topic, partition } = one.worker.input
      const id = `${topic}/${partition}`
      if (one.next !== undefined) {
        const end = ends.get(id) ?? (await log.endOffset(topic, partition))
        ends.set(id, end)
        if (one.next >= end) continue
      }
      await watch.run(one, stopped.signal, false)
    }
  }

  const answerWaiting = (asked: readonly Waiting[], hasMoved: boolean) => {
    const hopeless = watch.hopeless(workers)
    const isQuiet = !hasMoved && workers.every(one => one.next !== undefined && !one.failure)
    if (hopeless) for (const { reject } of asked) reject(workerFailed(hopeless))
    else if (isQuiet) for (const { resolve } of asked) resolve()
    else waiting = [...asked, ...waiting]
  }

  const loop = async () => {
    while (!stopped.signal.aborted) {
      const asked = waiting
      waiting = []
      isWoken = false
      const before = watch.moves
      try {
        await round()
      } catch {
        // The end of a partition could not be read. The worker that reads it meets the error, and reports it.
        for (const one of workers) one.next = undefined
      }
      const hasMoved = watch.moves > before
      answerWaiting(asked, hasMoved)
      if (!hasMoved) await sleep(limits.pollMs)
    }
    for (const { reject } of waiting) reject(new Error('the host has stopped'))
    waiting = []
  }

  const wake = () => {
    isWoken = true
    rouse()
  }
  const looping = loop()

  return {
    workers: () => workers,
    wake,
    idle() {
      if (stopped.signal.aborted) return Promise.reject(new Error('the host has stopped'))
      return new Promise<void>((resolve, reject) => {
        waiting.push({ resolve, reject })
        wake()
      })
    },
    async stop() {
      stopped.abort()
      wake()
      await looping
      const errors: unknown[] = []
      for (const { worker } of workers) await worker.stop?.().catch(error => errors.push(error))
      if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join('; '))
    }
  }
}
