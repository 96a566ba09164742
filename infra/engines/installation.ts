/**
 * Programs from Maven Central (into a cache that all checkouts of a user share) and from Debian. The versions stand here;
 * the SHA-512 of every file that is downloaded stands in artefacts.sha512, and a file that differs is not installed.
 *
 * An installation appears under its name as a whole or not at all; several processes may ask for the same one at once.
 */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { FlexError } from '../errors.ts'
import { runCommand } from './command.ts'
import type { Progress } from './engine.ts'
import { exclusively } from './exclusive.ts'

export const versions = {
  kafka: '4.1.1',
  /** The broker brings no logging backend; this one writes to standard error. */
  slf4jSimple: '1.7.36',
  registry: '2.6.13.Final',
  mavenDependencyPlugin: '3.6.1'
} as const

export const defaultEnginesDir = (): string => join(homedir(), '.cache', 'flexledger', 'engines')

/** 54 MB (Kafka) and 142 MB (registry) over a slow line. */
const DOWNLOAD_MS = 10 * 60_000
/** Package lists and a package of a few MB. */
const APT_MS = 5 * 60_000
const LOOK_MS = 20_000

const plugin = `org.apache.maven.plugins:maven-dependency-plugin:${versions.mavenDependencyPlugin}`

const kafkaProject = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.flexledger</groupId>
  <artifactId>engine-kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${versions.kafka}</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${versions.kafka}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>${versions.slf4jSimple}</version></dependency>
  </dependencies>
</project>
`

/** A program of the machine by its name; undefined if it is not there. */
export const onPath = (name: string, more: readonly string[] = []): string | undefined =>
  [...(process.env['PATH'] ?? '').split(delimiter), ...more]
    .filter(folder => folder !== '')
    .map(folder => join(folder, name))
    .find(existsSync)

/** Gives the program, after installing its Debian package if it is missing and we may. */
export const debianProgram = async (
  find: () => string | undefined,
  packages: readonly string[],
  progress: Progress
): Promise<string> => {
  const found = find()
  if (found !== undefined) return found
  const byHand = `apt-get install ${packages.join(' ')}`
  const aptGet = onPath('apt-get')
  if (aptGet === undefined || process.getuid?.() !== 0)
    throw new FlexError('FLEX_ENGINE_UNAVAILABLE', `a program of ${packages.join(', ')} is missing; as root: ${byHand}`)
  progress(`${byHand} …`)
  const install = ['install', '--yes', '--no-install-recommends', ...packages]
  const options = { timeoutMs: APT_MS }
  // Lists may be missing or old on a bare machine; only then are they fetched.
  await runCommand(aptGet, install, options).catch(async () => {
    await runCommand(aptGet, ['update'], options)
    await runCommand(aptGet, install, options)
  })
  const installed = find()
  if (installed === undefined)
    throw new FlexError('FLEX_ENGINE_UNAVAILABLE', `${byHand} did not bring the program that is needed`)
  return installed
}

/** Java 17 or later. */
export const javaProgram = async (progress: Progress = () => {}): Promise<string> => {
  const home = process.env['JAVA_HOME']
  const java = await debianProgram(
    () => onPath('java', home === undefined ? [] : [join(home, 'bin')]),
    ['default-jre-headless'],
    progress
  )
  const said = await runCommand(java, ['-version'], { timeoutMs: LOOK_MS })
  const major = Number(/version "(\d+)/.exec(said)?.[1] ?? Number.NaN)
  if (!(major >= 17))
    throw new FlexError('FLEX_ENGINE_UNAVAILABLE', `${java} is not Java 17 or later: ${said.split('\n')[0]}`)
  return java
}

const maven = async (args: readonly string[], cwd: string, progress: Progress): Promise<void> => {
  const mvn = await debianProgram(() => onPath('mvn'), ['maven'], progress)
  await runCommand(mvn, ['--quiet', '--batch-mode', ...args], { timeoutMs: DOWNLOAD_MS, cwd })
}

/** The folder of the jars. */
export const installKafka = async (enginesDir: string, progress: Progress): Promise<string> => {
  await javaProgram(progress)
  return fromMaven(enginesDir, `kafka-${versions.kafka}`, async dir => {
    progress(`downloading Apache Kafka ${versions.kafka} (54 MB) …`)
    await writeFile(join(dir, 'pom.xml'), kafkaProject)
    await maven([`${plugin}:copy-dependencies`, '-DoutputDirectory=libs'], dir, progress)
    await holdToDigests(join(dir, 'libs'), 'kafka')
  })
}

/** The folder of the registry's jar and its libraries. */
export const installRegistry = async (enginesDir: string, progress: Progress): Promise<string> => {
  await javaProgram(progress)
  return fromMaven(enginesDir, `registry-${versions.registry}`, async dir => {
    progress(`downloading Apicurio Registry ${versions.registry} (142 MB) …`)
    const artefact = `io.apicurio:apicurio-registry-app:${versions.registry}:tar.gz:all`
    await maven([`${plugin}:copy`, `-Dartifact=${artefact}`, '-DoutputDirectory=download'], dir, progress)
    await holdToDigests(join(dir, 'download'), 'registry')
    const archive = join(dir, 'download', `apicurio-registry-app-${versions.registry}-all.tar.gz`)
    await runCommand('tar', ['-xzf', archive, '-C', dir], { timeoutMs: APT_MS })
    await rm(join(dir, 'download'), { recursive: true })
  })
}

const fromMaven = async (enginesDir: string, name: string, fill: (dir: string) => Promise<void>): Promise<string> => {
  const home = join(enginesDir, name)
  if (existsSync(home)) return home
  await mkdir(enginesDir, { recursive: true })
  return exclusively(join(enginesDir, `${name}.lock`), DOWNLOAD_MS, async () => {
    if (existsSync(home)) return home
    const partial = `${home}.partial`
    await rm(partial, { recursive: true, force: true })
    await mkdir(partial)
    await fill(partial)
    await rename(partial, home)
    return home
  })
}

/** Lines `<sha-512>  <engine>/<file>`: every file of the folder, and no other. */
export const holdToDigests = async (dir: string, engine: string): Promise<void> => {
  const pinned = new Map(
    (await readFile(new URL('artefacts.sha512', import.meta.url), 'utf8'))
      .trim()
      .split('\n')
      .map(line => line.split('  '))
      .flatMap(([digest, file]) => (file?.startsWith(`${engine}/`) ? [[file.slice(engine.length + 1), digest]] : []))
  )
  const files = await readdir(dir)
  const wrong: string[] = []
  for (const file of files) if ((await sha512(join(dir, file))) !== pinned.get(file)) wrong.push(file)
  wrong.push(...[...pinned.keys()].filter(file => file !== undefined && !files.includes(file)).map(String))
  if (wrong.length > 0)
    throw new FlexError(
      'FLEX_ENGINE_UNAVAILABLE',
      `not what infra/engines/artefacts.sha512 pins: ${wrong.toSorted().join(', ')}`
    )
}

const sha512 = async (file: string): Promise<string> => {
  const hash = createHash('sha512')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
