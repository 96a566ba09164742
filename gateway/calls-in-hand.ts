/**
 * Whether somebody waits for an answer, so that work that can wait gives way to it (infra/host: `isAnswering`). A call is in
 * hand from its first header until its answer has left, and some turns longer: a caller that lives in the same process, as a
 * scenario or a test does, has to read it on the same event loop.
 */
import type { FastifyInstance } from 'fastify'

/** Turns of the event loop, of which each reads 64 kB of a socket: answers of a bulk call are some 300 kB. */
const turnsAfterwards = 16

export interface CallsInHand {
  /** Counts the calls of what is registered in `app`; those marked `isEndless` are not waited for. */
  watch(app: FastifyInstance): void
  any(): boolean
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A stream: its answer never ends. */
    isEndless?: boolean
  }
}

export const callsInHand = (): CallsInHand => {
  let inHand = 0
  const leave = (turns: number): void => {
    if (turns > 0) setImmediate(leave, turns - 1)
    else inHand--
  }
  return {
    watch(app) {
      app.addHook('onRequest', async (request, reply) => {
        if (request.routeOptions.config.isEndless) return
        inHand++
        reply.raw.once('close', () => leave(turnsAfterwards))
      })
    },
    any: () => inHand > 0
  }
}
