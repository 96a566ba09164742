/**
 * Networks and other documents from files, gzip or not; everything wrong with one is told at once. A network is one JSON
 * file, or the XML files of CGMES together, each named or in a folder that is.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { parseCim, type SolvedVoltage } from '../../domain/grid/cim/cim-network.ts'
import { type CompiledNetwork, compileNetwork } from '../../domain/grid/compile-network.ts'
import type { Network } from '../../domain/grid/network.ts'
import { parseNetwork } from '../../domain/grid/network-file.ts'
import { hasErrors, type NetworkProblem } from '../../domain/grid/network-problem.ts'
import { isPandapowerJson, parsePandapower } from '../../domain/grid/pandapower-file.ts'
import { type RdfText, readRdf } from '../../infra/rdf/read-rdf.ts'
import { UsageError } from '../output.ts'

export interface ReadFile {
  readonly format: 'own' | 'pandapower' | 'cgmes'
  readonly network?: Network
  readonly problems: readonly NetworkProblem[]
  /** What the file itself says is the solution. */
  readonly solution?: readonly SolvedVoltage[]
}

export const readNetwork = async (named: readonly string[]): Promise<ReadFile> => {
  const files = (await Promise.all(named.map(filesOf))).flat()
  const texts = await Promise.all(files.map(async file => ({ file, text: await readText(file) })))
  if (texts.length > 0 && texts.every(({ text }) => /^\uFEFF?\s*</.test(text))) return fromCgmes(texts)
  const [first, ...more] = texts
  if (first === undefined || more.length > 0)
    throw new UsageError(`${named.join(', ')}: a network is one JSON file or the XML files of CGMES`)
  const json = jsonOf(first.text, first.file)
  if (isPandapowerJson(json)) return { format: 'pandapower', ...parsePandapower(json) }
  return { format: 'own', ...parseNetwork(json) }
}

const fromCgmes = (texts: readonly RdfText[]): ReadFile => {
  const { objects, faults } = readRdf(texts)
  if (faults.length === 0) return { format: 'cgmes', ...parseCim(objects) }
  const problems = faults.map(
    ({ file, detail }): NetworkProblem => ({ severity: 'error', code: 'bad-value', path: file, detail })
  )
  return { format: 'cgmes', problems }
}

/** The network, or wrong use with every problem of the files. */
export const networkFrom = async (named: readonly string[]): Promise<ReadFile & { readonly network: Network }> => {
  const { network, ...rest } = await readNetwork(named)
  if (network === undefined || hasErrors(rest.problems))
    throw new UsageError(`${named.join(', ')} is no network:\n${listed(rest.problems)}`)
  return { network, ...rest }
}

/** The network ready to be calculated, with the warnings of both steps; they are repeated beside the result. */
export const compiledFrom = async (
  named: readonly string[]
): Promise<{ network: Network; compiled: CompiledNetwork; problems: readonly NetworkProblem[] }> => {
  const { network, problems: ofFile } = await networkFrom(named)
  const { compiled, problems } = compileNetwork(network)
  if (compiled === undefined) throw new UsageError(`${named.join(', ')} cannot be solved:\n${listed(problems)}`)
  return { network, compiled, problems: [...ofFile, ...problems] }
}

export const readJson = async (file: string): Promise<unknown> => jsonOf(await readText(file), file)

const jsonOf = (content: string, file: string): unknown => {
  try {
    return JSON.parse(content)
  } catch (error) {
    throw new UsageError(`${file} is no JSON: ${error instanceof Error ? error.message : error}`)
  }
}

/** A folder stands for the XML files in it. */
const filesOf = async (path: string): Promise<readonly string[]> => {
  const isFolder = path !== '-' && (await stat(path).catch(() => undefined))?.isDirectory()
  if (!isFolder) return [path]
  const names = (await readdir(path)).filter(name => /\.xml(\.gz)?$/.test(name)).toSorted()
  return names.map(name => join(path, name))
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

/** Before the result, for people. */
export const warnings = (problems: readonly NetworkProblem[]): readonly string[] =>
  problems.length === 0 ? [] : [`${counted(problems.length, 'warning')}:\n${listed(problems)}`]

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

export const readText = async (file: string): Promise<string> => {
  try {
    if (file === '-') return await text(process.stdin)
    const bytes = await readFile(file)
    return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8')
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
}
