/**
 * The loop of an embedded run: all partitions of all inputs belong to this process, and the workers take turns in the
 * order of the components, their topics and partitions. It sleeps until it is woken, the poll is due or a retry is.
 */
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import type { HostLimits, HostOptions, Running } from './host.ts'
import { type Supervised, supervised, supervision, workerFailed } from './supervision.ts'

/** How often it is looked whether readers may go on; an answer takes a few of these. */
const giveWayPauseMs = 1
/** Readers get their turn at least this often: a chain of a feed and two processors quiets down within it. */
const roundsWithoutReadersMax = 8

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export const runOrdered = (
  options: HostOptions,
  limits: HostLimits,
  partitions: ReadonlyMap<string, number>
): Running => {
  const { log, components, isAnswering = () => false, onQuiet } = options
  const turns = components.map(component => ({
    isTogether: component.isIndependent === true,
    isReader: component.isReader === true,
    workers: component.inputs.flatMap(topic =>
      Array.from({ length: partitions.get(topic) ?? 0 }, (_, partition) =>
        supervised(component.name, component.worker({ topic, partition }))
      )
    )
  }))
  const workers: readonly Supervised[] = turns.flatMap(turn => turn.workers)
  const watch = supervision(options, limits)
  const stopped = new AbortController()
  let waiting: Waiting[] = []
  let roundsWithoutReaders = 0
  /** When the readers first gave way since their last whole turn. */
  let gaveWayAt: number | undefined
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

  const never = () => false
  /** A call has come in, and readers need not go on yet. */
  const isTimeToGiveWay = () =>
    isAnswering() && (gaveWayAt === undefined || performance.now() < gaveWayAt + limits.giveWayMsMax)

  /** True if the loop should begin a new round first: for what is new, or because somebody waits for an answer. */
  const readersGiveWay = async (): Promise<boolean> => {
    if (isAnswering()) {
      const now = performance.now()
      gaveWayAt ??= now
      const until = gaveWayAt + limits.giveWayMsMax
      const lookAgainAt = Math.min(until, now + limits.pollMs)
      const isWaiting = () => isAnswering() && !isWoken && !stopped.signal.aborted
      while (isWaiting() && performance.now() < lookAgainAt) await delay(giveWayPauseMs)
      if (performance.now() < until && (isAnswering() || isWoken)) return true
    }
    if (!isWoken || roundsWithoutReaders >= roundsWithoutReadersMax) return false
    roundsWithoutReaders++
    return true
  }

  /**
   * The ends of all inputs are read before the first worker moves, and no worker goes further in this round. So what was
   * appended in an order is handled in that order also across partitions, wherever in it a round happens to begin.
   * False: not all readers had their turn.
   */
  const round = async () => {
    const ends = new Map<string, number>()
    for (const { worker } of workers) {
      const { topic, partition } = worker.input
      const id = `${topic}/${partition}`
      // An end that cannot be read is left to the worker: it meets the error, and reports it.
      if (!ends.has(id)) ends.set(id, await log.endOffset(topic, partition).catch(() => Number.MAX_SAFE_INTEGER))
    }
    const endOf = ({ worker: { input } }: Supervised): number => ends.get(`${input.topic}/${input.partition}`)!
    const hasNews = (one: Supervised): boolean => one.next === undefined || one.next < endOf(one)
    const turnOf = async (one: Supervised, isReader: boolean) => {
      if (stopped.signal.aborted) return
      if (one.failure?.isStopped || Date.now() < one.retryAt) return
      if (!hasNews(one)) return
      await watch.run(one, stopped.signal, { until: endOf(one), endsEarly: isReader ? isTimeToGiveWay : never })
    }
    for (const turn of turns) {
      if (turn.isTogether) await Promise.all(turn.workers.map(one => turnOf(one, turn.isReader)))
      else
        for (const one of turn.workers) {
          // An answer leaves, and the next call comes in, between two turns and not after all of them: before a reader's turn
          // always, because only a call that has come in can be given way to.
          if ((turn.isReader || isAnswering()) && hasNews(one)) await nextTurn()
          if (turn.isReader && (await readersGiveWay())) return false
          await turnOf(one, turn.isReader)
          // A worker without a place has failed: it is not waited for.
          if (turn.isReader && one.next !== undefined && hasNews(one) && isTimeToGiveWay()) return false
        }
    }
    roundsWithoutReaders = 0
    gaveWayAt = undefined
    return true
  }

  const answerWaiting = (asked: readonly Waiting[], hasMoved: boolean) => {
    const hopeless = watch.hopeless(workers)
    const isQuiet = !hasMoved && workers.every(one => one.next !== undefined && !one.failure)
    if (hopeless) for (const { reject } of asked) reject(workerFailed(hopeless))
    else if (isQuiet) for (const { resolve } of asked) resolve()
    else waiting = [...asked, ...waiting]
  }

  const loop = async () => {
    let movesAtQuiet = 0
    while (!stopped.signal.aborted) {
      const asked = waiting
      waiting = []
      isWoken = false
      const before = watch.moves
      const isWhole = await round()
      const hasMoved = !isWhole || watch.moves > before
      answerWaiting(asked, hasMoved)
      // A log in memory gives way to nobody: timers and sockets get their turn here.
      if (hasMoved) {
        await nextTurn()
        continue
      }
      if (watch.moves > movesAtQuiet && !isAnswering()) {
        movesAtQuiet = watch.moves
        onQuiet?.()
      }
      await sleep(limits.pollMs)
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
