/**
 * `flexledger grid convert NETWORK`: a network of another format in the own one, or with --import as what a server takes
 * (PUT /v1/networks/{pom}), with profiles and limits from files. Low voltage without participants may be lumped.
 */
import { lumpedNetwork } from '../../domain/grid/levels.ts'
import type { Network } from '../../domain/grid/network.ts'
import { networkToJson } from '../../domain/grid/network-file.ts'
import { Finding, printJson, UsageError } from '../output.ts'
import { limitsFrom } from './grid-files.ts'
import { listed, networkFrom, readJson, warnings } from './network-input.ts'

interface Flags {
  readonly import?: boolean
  readonly lumpLowVoltage?: boolean
  readonly profiles?: string
  readonly limits?: string
}

export const gridConvert = async (files: readonly string[], flags: Flags): Promise<void> => {
  if (!flags.import && (flags.profiles !== undefined || flags.limits !== undefined))
    throw new UsageError('--profiles and --limits are of an import: add --import')
  const { network, problems } = await networkFrom(files)
  const profiles = flags.profiles === undefined ? undefined : await readJson(flags.profiles)
  if (profiles !== undefined && !Array.isArray(profiles))
    throw new UsageError(`${flags.profiles} has no list of profiles`)
  // Told here already, with the place in the file; the server takes them as they are there.
  await limitsFrom(flags.limits, network)
  const limits = flags.limits === undefined ? undefined : await readJson(flags.limits)
  if (problems.length > 0) process.stderr.write(`${warnings(problems).join('')}\n`)
  const document = networkToJson(flags.lumpLowVoltage ? lumpedFrom(files, network) : network)
  printJson(
    flags.import
      ? {
          network: document,
          ...(profiles === undefined ? {} : { profiles }),
          ...(limits === undefined ? {} : { limits })
        }
      : document
  )
}

const lumpedFrom = (files: readonly string[], network: Network): Network => {
  const result = lumpedNetwork(network)
  if (result.status === 'refused')
    throw new UsageError(`${files.join(', ')} cannot be lumped:\n${listed(result.problems)}`)
  if (result.status === 'diverged')
    throw new Finding(
      `${result.network} has no solution (${result.divergence.reason}; weakest at bus ${result.divergence.bus}): nothing to lump`
    )
  process.stderr.write(`${result.lumped} low-voltage networks lumped\n`)
  return result.network
}
