/**
 * One open stream of server-sent events. It holds no queue: a reader of the log goes on when the connection has taken what
 * was written, so a slow client costs the connection's own buffer and nothing more. A client that takes nothing for
 * `stallMs` is cut off.
 */
import type { ServerResponse } from 'node:http'

export interface EventWriter {
  /** Resolves when the next may be written; false when the stream is over. */
  send(event: { readonly id: string; readonly event: string; readonly data: string }): Promise<boolean>
  readonly closed: AbortSignal
  close(reason: string): void
}

export const eventWriter = (
  response: ServerResponse,
  {
    heartbeatMs,
    stallMs,
    endsInMs
  }: { readonly heartbeatMs: number; readonly stallMs: number; readonly endsInMs: number }
): EventWriter => {
  const closed = new AbortController()
  let isWaiting = false
  // Writers of several partitions take turns: each waits for the connection before the next may write.
  let turn: Promise<unknown> = Promise.resolve()

  const close = (reason: string): void => {
    if (closed.signal.aborted) return
    closed.abort()
    clearInterval(heartbeat)
    clearTimeout(end)
    if (response.writable) response.end(`: ${reason}\n\n`)
  }

  const heartbeat = setInterval(() => {
    if (!isWaiting) response.write(': still here\n\n')
  }, heartbeatMs)
  const end = setTimeout(() => close('the access token has expired'), Math.min(endsInMs, 2 ** 31 - 1))
  response.on('close', () => close('closed'))
  response.on('error', () => close('failed'))

  const drained = (): Promise<void> =>
    new Promise(resolve => {
      isWaiting = true
      const stalled = setTimeout(() => {
        close('stalled')
        response.destroy()
      }, stallMs)
      const done = (): void => {
        isWaiting = false
        clearTimeout(stalled)
        response.off('drain', done)
        closed.signal.removeEventListener('abort', done)
        resolve()
      }
      response.once('drain', done)
      closed.signal.addEventListener('abort', done, { once: true })
    })

  const write = async ({ id, event, data }: { id: string; event: string; data: string }): Promise<boolean> => {
    if (closed.signal.aborted) return false
    if (!response.write(`id: ${id}\nevent: ${event}\ndata: ${data}\n\n`)) await drained()
    return !closed.signal.aborted
  }

  return {
    send(event) {
      const written = turn.then(() => write(event))
      turn = written
      return written
    },
    closed: closed.signal,
    close
  }
}
