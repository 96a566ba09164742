/**
 * Free ports on the loopback address. They are taken from below the range that the system gives to outgoing connections
 * (32768 and up), so that a port that is an engine's own is still free when the engine comes back.
 */
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { FlexError } from '../errors.ts'

const FIRST = 20_000
const LAST = 32_000
/** Each attempt hits a taken port with a chance of well below a half. */
const ATTEMPTS = 200

export const isFree = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })

export const freePorts = async (count: number): Promise<readonly number[]> => {
  const found = new Set<number>()
  for (let attempt = 0; attempt < ATTEMPTS && found.size < count; attempt++) {
    const port = randomInt(FIRST, LAST)
    if (await isFree(port)) found.add(port)
  }
  if (found.size < count)
    throw new FlexError('FLEX_ENGINE_UNAVAILABLE', `${FIRST} to ${LAST} hold no ${count} free ports on 127.0.0.1`)
  return [...found]
}
