/** Which adapter a log URL names. The one place that knows them all. */
import { readFile } from 'node:fs/promises'
import { FlexError } from '../errors.ts'
import type { Address } from './kafka/cluster.ts'
import type { Compression } from './kafka/compression.ts'
import { kafkaLog } from './kafka/kafka-log.ts'
import type { Log } from './log.ts'
import { memoryLog } from './memory-log.ts'
import { sqliteLog } from './sqlite-log.ts'

/** What a Kafka log needs beside its addresses. */
export interface KafkaSettings {
  /** Files in PEM form. The first makes connections TLS, the other two make it mutual. */
  readonly tlsCaFile?: string | undefined
  readonly tlsCertFile?: string | undefined
  readonly tlsKeyFile?: string | undefined
  readonly replication?: number
  readonly minInsync?: number
  readonly compression?: Compression
}

export interface OpenLogOptions {
  readonly instance?: string
  readonly leaseMs?: number
  readonly kafka?: KafkaSettings
  readonly logger?: LogLogger
}

/** The part of a pino logger that is used. */
export interface LogLogger {
  debug(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export type LogUrl =
  | { readonly adapter: 'sqlite'; readonly file: string }
  | { readonly adapter: 'memory' }
  | { readonly adapter: 'kafka'; readonly brokers: readonly Address[] }

export const logUrlForm = 'sqlite:PATH, kafka:HOST:PORT[,HOST:PORT...] or memory:'

/** As `logUrlForm` says; undefined is none of them. */
export const parseLogUrl = (url: string): LogUrl | undefined => {
  if (url === 'memory:') return { adapter: 'memory' }
  const file = /^sqlite:(.+)$/.exec(url)?.[1]
  if (file !== undefined) return { adapter: 'sqlite', file }
  const addresses = /^kafka:(.+)$/.exec(url)?.[1]?.split(',').map(parseAddress)
  const brokers = addresses?.filter(address => address !== undefined)
  return brokers && brokers.length === addresses?.length ? { adapter: 'kafka', brokers } : undefined
}

const parseAddress = (text: string): Address | undefined => {
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})$/.exec(text.trim())
  const port = Number(match?.[2])
  if (!match?.[1] || port < 1 || port > 65_535) return undefined
  return { host: match[1].replace(/^\[|\]$/g, ''), port }
}

export const openLog = async (url: string, options: OpenLogOptions = {}): Promise<Log> => {
  const parsed = parseLogUrl(url)
  const { instance, leaseMs } = options
  const membership = { ...(instance ? { instance } : {}), ...(leaseMs ? { leaseMs } : {}) }
  switch (parsed?.adapter) {
    case 'sqlite':
      return sqliteLog({ file: parsed.file, ...membership })
    case 'memory':
      return memoryLog(undefined, membership)
    case 'kafka':
      return openKafkaLog(parsed.brokers, options)
    case undefined:
      throw new FlexError('FLEX_CONFIG_INVALID', `a log URL is ${logUrlForm}, not "${url}"`)
  }
}

const openKafkaLog = async (
  brokers: readonly Address[],
  { instance, leaseMs, kafka = {}, logger }: OpenLogOptions
): Promise<Log> => {
  const { tlsCaFile, tlsCertFile, tlsKeyFile, replication, minInsync, compression } = kafka
  const files = {
    ...(tlsCaFile ? { ca: await pem(tlsCaFile) } : {}),
    ...(tlsCertFile ? { cert: await pem(tlsCertFile) } : {}),
    ...(tlsKeyFile ? { key: await pem(tlsKeyFile) } : {})
  }
  return kafkaLog({
    brokers,
    clientId: instance ? `flexledger-${instance}` : 'flexledger',
    tls: Object.keys(files).length > 0 ? files : undefined,
    ...(replication === undefined ? {} : { replicationFactor: replication }),
    ...(minInsync === undefined ? {} : { minInsync }),
    ...(compression === undefined ? {} : { compression }),
    ...(leaseMs === undefined ? {} : { limits: { sessionMs: leaseMs } }),
    ...(logger
      ? {
          onWarning: (message: string, error: unknown) => logger.warn({ err: error }, message),
          onDebug: (message: string, fields: object) => logger.debug(fields, message)
        }
      : {})
  })
}

const pem = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new FlexError('FLEX_CONFIG_INVALID', `${file} cannot be read: it should hold a key or a certificate`, {
      cause: error
    })
  }
}
