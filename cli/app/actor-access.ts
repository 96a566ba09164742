/** What the `actor` commands need of the configuration: brokers that ask for certificates, and a name that may alter rights. */
import { readFile } from 'node:fs/promises'
import { type KafkaAccess, kafkaAccess } from '../../infra/access/kafka-access.ts'
import type { Config } from '../../infra/config/config.ts'
import { addressText } from '../../infra/log/kafka/cluster.ts'
import { parseLogUrl } from '../../infra/log/open-log.ts'
import { UsageError } from '../output.ts'

export const openActorAccess = async ({ logUrl, kafka }: Config): Promise<KafkaAccess> => {
  const url = parseLogUrl(logUrl)
  const { tlsCaFile, tlsCertFile, tlsKeyFile } = kafka
  if (url?.adapter !== 'kafka' || !tlsCaFile || !tlsCertFile || !tlsKeyFile)
    throw new UsageError(
      'actors read from brokers that ask for certificates: set FLEX_LOG_URL=kafka:… and FLEX_LOG_TLS_CA, _CERT and _KEY of a name that may alter access lists'
    )
  const [ca, cert, key] = await Promise.all([pem(tlsCaFile), pem(tlsCertFile), pem(tlsKeyFile)])
  return kafkaAccess({ brokers: url.brokers.map(addressText), tls: { ca, cert, key } })
}

const pem = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8')
  } catch {
    throw new UsageError(`${file} cannot be read: it should hold a key or a certificate`)
  }
}
