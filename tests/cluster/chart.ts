/** Renders the Helm chart with its example values; run by itself, it writes deploy/helm/rendered.yaml again. Needs helm. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../deploy/helm/', import.meta.url))
export const chartFolder = join(folder, 'flexledger')
export const renderedFile = join(folder, 'rendered.yaml')

/** SHA-256 of the chart and the example values, file by file in the order of their names. */
export const chartDigest = (): string => {
  const hash = createHash('sha256')
  const files = ['example-values.yaml', ...globSync('flexledger/**/*.{yaml,tpl,txt}', { cwd: folder }).toSorted()]
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(join(folder, file)))
  return hash.digest('hex')
}

export const hasHelm = (): boolean => spawnSync('helm', ['version']).status === 0

export const render = (): string => {
  const args = ['template', 'flex', chartFolder, '--namespace', 'market', '--kube-version', '1.31']
  const { status, stdout, stderr } = spawnSync('helm', [...args, '--values', join(folder, 'example-values.yaml')], {
    encoding: 'utf8'
  })
  if (status !== 0) throw new Error(`helm: ${stderr}`)
  return `# ${chartDigest()}\n${stdout}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(renderedFile, render())
