/**
 * Apache Kafka in KRaft mode, one node, without encryption: for trying out and for tests. It acknowledges from the page
 * cache, so a power cut may lose the end of the log; three nodes (kafka-3.ts) are what production looks like.
 *
 * The memory settings are those that were measured to carry the whole test suite: 384 MB of heap, about 240 MB resident.
 */
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './command.ts'
import type { Place, Program, Recipe } from './engine.ts'
import { installKafka, javaProgram, versions } from './installation.ts'
import { kafkaAnswers } from './kafka-ready.ts'

const FORMAT_MS = 60_000

export const jvm = (heapMb: number): readonly string[] => [
  `-Xmx${heapMb}m`,
  `-Xms${heapMb}m`,
  '-XX:+UseSerialGC',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS'
]

export const onClassPath = (place: Place, ...args: readonly string[]): readonly string[] => [
  '-cp',
  join(place.home, 'libs', '*'),
  ...args
]

/** What every broker of ours has. */
export const commonProperties = {
  'process.roles': 'broker,controller',
  'controller.listener.names': 'CONTROLLER',
  'offsets.topic.num.partitions': 3,
  'transaction.state.log.num.partitions': 3,
  'group.initial.rebalance.delay.ms': 0,
  // Topics are declared, never made by use.
  'auto.create.topics.enable': false,
  'log.cleaner.dedupe.buffer.size': 2_097_152
} as const

export const propertiesText = (properties: Readonly<Record<string, string | number | boolean>>): string =>
  Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')

/** Empty storage for a node, if it has none. A formatting that was interrupted is begun again. */
export const formatStorage = async (
  place: Place,
  logDir: string,
  propertiesFile: string,
  mode: readonly string[]
): Promise<void> => {
  const done = `${logDir}.formatted`
  if (existsSync(done)) return
  await rm(logDir, { recursive: true, force: true })
  await mkdir(logDir, { recursive: true })
  const format = ['format', '-t', place.clusterId, '-c', propertiesFile, ...mode]
  await runCommand(
    await javaProgram(),
    ['-XX:TieredStopAtLevel=1', ...jvm(128), ...onClassPath(place, 'kafka.tools.StorageTool', ...format)],
    { timeoutMs: FORMAT_MS, cwd: place.dir }
  )
  await writeFile(done, '')
}

export const brokerProgram = async (place: Place, propertiesFile: string, heapMb: number): Promise<Program> => ({
  command: await javaProgram(),
  args: [...jvm(heapMb), ...onClassPath(place, 'kafka.Kafka', propertiesFile)]
})

const addressOf = (place: Place): string => `127.0.0.1:${place.ports[0]?.[0]}`

const propertiesFileOf = (place: Place): string => join(place.dir, 'server.properties')

export const kafka: Recipe = {
  name: 'kafka',
  version: versions.kafka,
  nodes: 1,
  portsPerNode: 2,
  stopSignal: 'SIGTERM',
  install: installKafka,
  async prepare(place) {
    const [client, controller] = place.ports[0] ?? []
    const logDir = join(place.dir, 'data')
    await writeFile(
      propertiesFileOf(place),
      propertiesText({
        ...commonProperties,
        'node.id': 1,
        listeners: `PLAINTEXT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}`,
        'advertised.listeners': `PLAINTEXT://127.0.0.1:${client}`,
        'controller.quorum.bootstrap.servers': `127.0.0.1:${controller}`,
        'inter.broker.listener.name': 'PLAINTEXT',
        'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
        'log.dirs': logDir,
        'offsets.topic.replication.factor': 1,
        'transaction.state.log.replication.factor': 1,
        'transaction.state.log.min.isr': 1,
        'share.coordinator.state.topic.replication.factor': 1,
        'share.coordinator.state.topic.min.isr': 1
      })
    )
    await formatStorage(place, logDir, propertiesFileOf(place), ['--standalone'])
  },
  program: place => brokerProgram(place, propertiesFileOf(place), 384),
  url: place => `kafka:${addressOf(place)}`,
  ready: place => kafkaAnswers({ brokers: [addressOf(place)], nodes: 1 })
}
