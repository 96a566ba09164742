/**
 * kafkajs, for what administration needs: topics, their settings, permissions. Its own log lines don't go to the user's
 * log as they are: it calls an error what it then retries with success, so they are debug lines here, and what really
 * fails is thrown.
 */
import './kafkajs-timers.ts'
import kafkajs, { type Kafka as KafkaClient } from 'kafkajs'
import type { TlsFiles } from './connection.ts'

export interface KafkajsOptions {
  /** `host:port` */
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly tls?: TlsFiles | undefined
  readonly connectMs: number
  readonly requestMs?: number
  readonly retry?: { readonly retries: number; readonly initialRetryTime?: number }
  readonly onDebug?: ((message: string, fields: object) => void) | undefined
}

/** A fresh broker says for a second or two that it is not available yet. */
const retryDefault = { initialRetryTime: 50, retries: 8 }

export const kafkajsClient = ({
  brokers,
  clientId,
  tls,
  connectMs,
  requestMs = 30_000,
  retry = retryDefault,
  onDebug
}: KafkajsOptions): KafkaClient =>
  new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: connectMs,
    requestTimeout: requestMs,
    ...(tls ? { ssl: { ...tls } } : {}),
    retry: { ...retry },
    logLevel: onDebug ? kafkajs.logLevel.DEBUG : kafkajs.logLevel.NOTHING,
    logCreator:
      () =>
      ({ namespace, log: { message, ...fields } }) =>
        onDebug?.(`kafkajs ${namespace}: ${message}`, fields)
  })
