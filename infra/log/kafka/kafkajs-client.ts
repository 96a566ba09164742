/**
 * kafkajs, for what administration needs: topics, their settings, permissions. Its own log lines don't go to the user's
 * log as they are: it calls an error what it then retries with success, so they are debug lines here, and what really
 * fails is thrown.
 */
import './kafkajs-timers.ts'
import kafkajs, { type Kafka as KafkaClient } from 'kafkajs'
import type { Address } from './cluster.ts'
import type { TlsFiles } from './connection.ts'

export interface KafkajsOptions {
  readonly brokers: readonly Address[]
  readonly clientId: string
  readonly tls?: TlsFiles | undefined
  readonly connectMs: number
  readonly onDebug?: ((message: string, fields: object) => void) | undefined
}

export const kafkajsClient = ({ brokers, clientId, tls, connectMs, onDebug }: KafkajsOptions): KafkaClient =>
  new kafkajs.Kafka({
    brokers: brokers.map(({ host, port }) => `${host}:${port}`),
    clientId,
    connectionTimeout: connectMs,
    requestTimeout: 30_000,
    ...(tls ? { ssl: { ...tls } } : {}),
    // A fresh broker says for a second or two that it is not available yet.
    retry: { initialRetryTime: 50, retries: 8 },
    logLevel: onDebug ? kafkajs.logLevel.DEBUG : kafkajs.logLevel.NOTHING,
    logCreator:
      () =>
      ({ namespace, log: { message, ...fields } }) =>
        onDebug?.(`kafkajs ${namespace}: ${message}`, fields)
  })
