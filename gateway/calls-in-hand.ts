/**
 * Whether somebody waits for an answer, so that work that can wait gives way to it (infra/host: `isAnswering`). A call is in
 * hand from its first header until its answer has left, and a moment longer: a caller that lives in the same process, as a
 * scenario or a test does, has to read it on the same event loop.
 */
import type { FastifyInstance } from 'fastify'

/** A few turns of an idle event loop: an answer of some 100 kB is read in them. */
const afterwardsMs = 4

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
  let open = 0
  let until = 0
  return {
    watch(app) {
      app.addHook('onRequest', async (request, reply) => {
        if (request.routeOptions.config.isEndless) return
        open++
        reply.raw.once('close', () => {
          open--
          until = performance.now() + afterwardsMs
        })
      })
    },
    any: () => open > 0 || performance.now() < until
  }
}
