/**
 * Each worker in its own time, for a process among several: the log says which partitions are this one's, and a worker
 * lives as long as its partition is. Two processes may for a while both run a worker; correctness never rests on it.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Partition } from '../log/log.ts'
import type { Component, HostLimits, HostOptions, Running } from './host.ts'
import { type Supervised, supervised, supervision, workerFailed } from './supervision.ts'

interface Live {
  readonly one: Supervised
  stop(): Promise<void>
}

export const runFree = (options: HostOptions, limits: HostLimits): Running => {
  const { log, components, logger, instance, isAnswering = () => false, onQuiet } = options
  const watch = supervision(options, limits)
  const stopped = new AbortController()
  const live = new Map<string, Live>()
  const unassigned = new Set(components.map(({ name }) => name))

  const waitForRetry = async (one: Supervised, signal: AbortSignal) => {
    await delay(Math.max(0, one.retryAt - Date.now()), undefined, { signal }).catch(() => {})
  }

  const follow = async (one: Supervised, signal: AbortSignal) => {
    while (!signal.aborted) {
      const isFine = await watch.run(one, signal)
      if (one.failure?.isStopped) return
      if (isFine && !signal.aborted) {
        // The tail ended though nobody asked: the log was closed. `start` meets that, and reports it.
        one.next = undefined
        one.retryAt = Date.now() + limits.retryMsMin
      }
      await waitForRetry(one, signal)
    }
  }

  const begin = (component: Component, partition: Partition): Live => {
    const one = supervised(component.name, component.worker(partition))
    const ended = new AbortController()
    const running = follow(one, AbortSignal.any([ended.signal, stopped.signal]))
    return {
      one,
      async stop() {
        ended.abort()
        await running
        await one.worker.stop?.()
      }
    }
  }

  const share = async (component: Component, partitions: readonly Partition[]) => {
    const id = ({ topic, partition }: Partition) => `${component.name} ${topic}/${partition}`
    const mine = new Set(partitions.map(id))
    const lost = [...live].filter(([name, { one }]) => one.component === component.name && !mine.has(name))
    // Stopped before others begin: a snapshot taken now is there for whoever takes over in this process.
    for (const [name] of lost) live.delete(name)
    await Promise.all(
      lost.map(([name, worker]) =>
        worker.stop().catch(error => logger?.error({ err: error, worker: name }, `${name} did not stop as it should`))
      )
    )
    if (stopped.signal.aborted) return
    for (const partition of partitions)
      if (!live.has(id(partition))) live.set(id(partition), begin(component, partition))
    unassigned.delete(component.name)
  }

  const belong = async (component: Component) => {
    for (let attempts = 0; !stopped.signal.aborted; attempts++) {
      try {
        for await (const partitions of log.assignments(`flex.${component.name}`, component.inputs, stopped.signal)) {
          attempts = 0
          await share(component, partitions)
        }
        if (stopped.signal.aborted) return
      } catch (error) {
        // The workers it has go on: to own a partition too long is safe, to own none is not useful.
        logger?.error({ err: error, component: component.name, instance }, `${component.name} has no assignment`)
      }
      const ms = Math.min(limits.retryMsMax, limits.retryMsMin * 2 ** Math.min(attempts, 30))
      await delay(ms, undefined, { signal: stopped.signal }).catch(() => {})
    }
  }
  const belonging = Promise.all(components.map(belong))

  const workers = () => [...live.values()].map(({ one }) => one)

  let movesAtQuiet = 0
  const lookWhetherQuiet = () => {
    if (watch.moves === movesAtQuiet || isAnswering() || workers().some(({ isBusy }) => isBusy)) return
    movesAtQuiet = watch.moves
    onQuiet?.()
  }
  const looking = onQuiet && setInterval(lookWhetherQuiet, limits.quietLookMs).unref()

  return {
    workers,
    wake() {},
    async idle() {
      for (;;) {
        if (stopped.signal.aborted) throw new Error('the host has stopped')
        const hopeless = watch.hopeless(workers())
        if (hopeless) throw workerFailed(hopeless)
        const before = watch.moves
        const areAtEnd = await Promise.all(workers().map(one => watch.isAtEnd(one)))
        const isQuiet = unassigned.size === 0 && areAtEnd.every(Boolean) && watch.moves === before
        if (isQuiet) return
        await delay(5)
      }
    },
    async stop() {
      stopped.abort()
      clearInterval(looking)
      await belonging
      await Promise.all([...live.values()].map(worker => worker.stop()))
    }
  }
}
