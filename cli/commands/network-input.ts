/** Networks and other documents from files, gzip or not; everything wrong with one is told at once. */
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import type { Network } from '../../domain/grid/network.ts'
import { parseNetwork } from '../../domain/grid/network-file.ts'
import { hasErrors, type NetworkProblem } from '../../domain/grid/network-problem.ts'
import { isPandapowerJson, parsePandapower } from '../../domain/grid/pandapower-file.ts'
import { UsageError } from '../output.ts'

export interface ReadFile {
  readonly format: 'own' | 'pandapower'
  readonly network?: Network
  readonly problems: readonly NetworkProblem[]
}

export const readNetwork = async (file: string): Promise<ReadFile> => {
  const json = await readJson(file)
  if (isPandapowerJson(json)) return { format: 'pandapower', ...parsePandapower(json) }
  return { format: 'own', ...parseNetwork(json) }
}

/** The network, or wrong use with every problem of the file. */
export const networkFrom = async (file: string): Promise<{ network: Network; problems: readonly NetworkProblem[] }> => {
  const { network, problems } = await readNetwork(file)
  if (network === undefined || hasErrors(problems)) throw new UsageError(`${file} is no network:\n${listed(problems)}`)
  return { network, problems }
}

export const readJson = async (file: string): Promise<unknown> => {
  const content = await textOf(file)
  try {
    return JSON.parse(content)
  } catch (error) {
    throw new UsageError(`${file} is no JSON: ${error instanceof Error ? error.message : error}`)
  }
}

/** Problems printed in a message; with --json all of them are in the document. */
const PROBLEMS_PRINTED = 100

export const listed = (problems: readonly NetworkProblem[]): string => {
  const lines = problems
    .slice(0, PROBLEMS_PRINTED)
    .map(({ severity, code, path, detail }) => `  ${severity} ${code} ${path || '/'}: ${detail}`)
  const rest = problems.length - lines.length
  return [...lines, ...(rest > 0 ? [`  and ${rest} more`] : [])].join('\n')
}

const textOf = async (file: string): Promise<string> => {
  try {
    if (file === '-') return await text(process.stdin)
    const bytes = await readFile(file)
    return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8')
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
}
