/**
 * One connection to one broker: requests go out in the order of their calls, and answers come back in that order. A
 * broker works on one request of a connection at a time, so whoever may wait long (a long poll, an append to replicas)
 * has a connection of its own.
 *
 * A connection is used until the first thing that goes wrong with it: an error, a request without an answer in its time, a
 * frame that is too large. Then all that wait are rejected with `ConnectionLost`, and a new one is made by whoever needs it.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { ConnectionLost } from './broker-errors.ts'
import { protocolReader } from './protocol-bytes.ts'
import { type ApiRequest, apiVersions } from './requests.ts'

export interface TlsFiles {
  /** PEM, as are the others. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

export interface ConnectionOptions {
  readonly host: string
  readonly port: number
  readonly tls: TlsFiles | undefined
  readonly clientId: string
  readonly connectMs: number
}

export interface Connection {
  readonly isOpen: boolean
  send<Response>(request: ApiRequest<Response>, timeoutMs: number): Promise<Response>
  close(): void
}

/** Far above what is ever asked for (a poll of 64 MiB); more is not a Kafka broker. */
const frameBytesMax = 256 * 1024 * 1024

interface Waiting {
  readonly correlationId: number
  readonly decode: (body: Buffer) => void
  readonly reject: (error: unknown) => void
  readonly timer: NodeJS.Timeout
}

export const openConnection = async (options: ConnectionOptions): Promise<Connection> => {
  const address = `${options.host}:${options.port}`
  const socket = await openSocket(options, address)
  const waiting: Waiting[] = []
  let isOpen = true
  let lastCorrelationId = 0

  const fail = (reason: string) => {
    if (!isOpen) return
    isOpen = false
    socket.destroy()
    for (const { reject, timer } of waiting.splice(0)) {
      clearTimeout(timer)
      reject(new ConnectionLost(address, reason, true))
    }
  }

  socket.on('data', framesTo(answerTo, fail))
  socket.on('error', error => fail(error.message))
  socket.on('close', () => fail('the broker closed the connection'))

  function answerTo(frame: Buffer) {
    const next = waiting.shift()
    if (!next || frame.readInt32BE(0) !== next.correlationId) {
      if (next) waiting.unshift(next)
      fail('an answer that nobody waits for: no Kafka broker?')
      return
    }
    clearTimeout(next.timer)
    next.decode(frame.subarray(4))
  }

  const connection: Connection = {
    get isOpen() {
      return isOpen
    },
    send(request, timeoutMs) {
      if (!isOpen) return Promise.reject(new ConnectionLost(address, 'the connection is closed', false))
      lastCorrelationId = (lastCorrelationId + 1) & 0x7fff_ffff
      const correlationId = lastCorrelationId
      return new Promise((resolve, reject) => {
        const body = request.encode()
        const header = headerOf(request, correlationId, options.clientId, body)
        const timer = setTimeout(() => fail(`no answer to ${request.name} within ${timeoutMs} ms`), timeoutMs)
        waiting.push({
          correlationId,
          reject,
          timer,
          decode(frame) {
            try {
              resolve(request.decode(protocolReader(frame)))
            } catch (error) {
              reject(error)
            }
          }
        })
        socket.cork()
        socket.write(header)
        for (const part of body) socket.write(part)
        socket.uncork()
      })
    },
    close: () => fail('closed by this process')
  }

  try {
    await requireVersions(connection, address, options.connectMs)
  } catch (error) {
    connection.close()
    throw error
  }
  return connection
}

const openSocket = ({ host, port, tls, connectMs }: ConnectionOptions, address: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = tls
      ? connectTls({ host, port, ...tls, ...(isIP(host) ? {} : { servername: host }) })
      : connectTcp({ host, port })
    socket.setNoDelay(true)
    const failed = (reason: string) => {
      clearTimeout(timer)
      socket.destroy()
      reject(new ConnectionLost(address, reason, false))
    }
    const timer = setTimeout(() => failed(`no connection within ${connectMs} ms`), connectMs)
    const onError = (error: Error & { code?: string }) => failed(error.message || error.code || 'no connection')
    const onClose = () => failed('the broker closed the connection')
    socket.once('error', onError)
    socket.once('close', onClose)
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      socket.off('error', onError)
      socket.off('close', onClose)
      resolve(socket)
    })
  })

const headerOf = (
  { apiKey, version }: ApiRequest<unknown>,
  correlationId: number,
  clientId: string,
  body: readonly Uint8Array[]
): Buffer => {
  const id = Buffer.from(clientId)
  const header = Buffer.allocUnsafe(14 + id.length)
  const bytes = body.reduce((sum, { length }) => sum + length, header.length - 4)
  header.writeInt32BE(bytes, 0)
  header.writeInt16BE(apiKey, 4)
  header.writeInt16BE(version, 6)
  header.writeInt32BE(correlationId, 8)
  header.writeInt16BE(id.length, 12)
  id.copy(header, 14)
  return header
}

/** Cuts the stream of bytes into frames, each given without its length. */
const framesTo = (onFrame: (frame: Buffer) => void, fail: (reason: string) => void) => {
  let chunks: Buffer[] = []
  let bytes = 0
  let needed = 4
  return (chunk: Buffer) => {
    chunks.push(chunk)
    bytes += chunk.length
    while (bytes >= needed) {
      const all = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes)
      const size = all.readInt32BE(0)
      if (size < 4 || size > frameBytesMax) return fail(`an answer of ${size} bytes: no Kafka broker?`)
      needed = 4 + size
      if (bytes < needed) {
        chunks = [all]
        return
      }
      onFrame(all.subarray(4, needed))
      const rest = all.subarray(needed)
      chunks = rest.length > 0 ? [rest] : []
      bytes = rest.length
      needed = 4
    }
  }
}

const requireVersions = async (connection: Connection, address: string, timeoutMs: number): Promise<void> => {
  const supported = await connection.send(apiVersions.supported(), timeoutMs)
  for (const { name, apiKey, version } of apiVersions.needed) {
    const range = supported.find(one => one.apiKey === apiKey)
    if (!range || version < range.min || version > range.max)
      throw new ConnectionLost(
        address,
        `the broker speaks ${name} ${range ? `${range.min}-${range.max}` : 'not at all'}, and version ${version} is needed`,
        false
      )
  }
}
