/**
 * The program of docs/how-to/read-your-topic.md as it stands there, run with a certificate of its own and a registry that
 * knows the schemas: what a third party counts that has only read the page.
 */
import { spawn } from 'node:child_process'
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { kafkaAccess } from '../../infra/access/kafka-access.ts'
import type { RunningEngine } from '../../infra/engines/engines.ts'
import { confluentRegistry } from '../../infra/schema-registry/confluent-registry.ts'
import { registryDouble } from '../../infra/schema-registry/registry-double.fixtures.ts'
import { ownVersions } from '../../infra/schema-registry/versions.ts'

export interface PrintedRecord {
  readonly id: string
  readonly type: string
}

const root = fileURLToPath(new URL('../../', import.meta.url))
/** A consumer group on a busy machine takes some seconds to begin. */
const READ_MS = 90_000

/** What it prints of a topic until `isDone`. `me` is a reader of its own each time: its group begins at the beginning. */
export const runPageProgram = async (
  engine: RunningEngine,
  { folder, topic, me }: { readonly folder: string; readonly topic: string; readonly me: string },
  isDone: (printed: readonly PrintedRecord[]) => boolean
): Promise<readonly PrintedRecord[]> => {
  const { authorityFile, admin } = engine.certificates!
  const text = (file: string) => readFile(file, 'utf8')
  const access = await kafkaAccess({
    brokers: engine.addresses,
    tls: {
      ca: await text(authorityFile),
      cert: await text(admin.certificateFile),
      key: await text(admin.keyFile)
    }
  })
  await access.grant({ name: me, topics: [topic] }).finally(() => access.close())
  const issued = await engine.certificates!.issueClient(me)
  const registry = await registryDouble({ hasModes: true })
  try {
    await confluentRegistry({ url: registry.url }).register(ownVersions())
    const dir = join(folder, me)
    await mkdir(dir, { recursive: true })
    await copyFile(authorityFile, join(dir, 'ca.pem'))
    await copyFile(issued.certificateFile, join(dir, `${me}.pem`))
    await copyFile(issued.keyFile, join(dir, `${me}.key.pem`))
    await symlink(join(root, 'node_modules'), join(dir, 'node_modules'))
    const program = /^```js\n(.*?)^```$/ms.exec(await text(join(root, 'docs/how-to/read-your-topic.md')))?.[1]
    if (program === undefined) throw new Error('the page shows no program')
    await writeFile(join(dir, 'read.mjs'), program)
    return await printed(
      dir,
      { ME: me, TOPIC: topic, BROKERS: engine.addresses.join(','), REGISTRY: registry.url },
      isDone
    )
  } finally {
    await registry.stop()
  }
}

const printed = (
  dir: string,
  env: Readonly<Record<string, string>>,
  isDone: (printed: readonly PrintedRecord[]) => boolean
): Promise<readonly PrintedRecord[]> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['read.mjs'], { cwd: dir, env: { PATH: process.env['PATH'], ...env } })
    const records: PrintedRecord[] = []
    let rest = ''
    let told = ''
    const late = setTimeout(() => child.kill('SIGKILL'), READ_MS)
    child.stderr.on('data', more => {
      told += String(more)
    })
    child.stdout.on('data', more => {
      const lines = (rest + String(more)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.startsWith('{"id"')) records.push(JSON.parse(line))
      if (isDone(records)) child.kill('SIGTERM')
    })
    child.on('error', reject)
    child.on('close', (_code, signal) => {
      clearTimeout(late)
      if (signal === 'SIGKILL' || !isDone(records))
        reject(new Error(`it printed ${records.length}: ${told.slice(-2_000)}`))
      else resolve(records)
    })
  })
