/** `flexledger grid check NETWORK`: everything that is wrong with a network's file, and what the network is. */
import { checkNetwork } from '../../domain/grid/check-network.ts'
import { compileNetwork } from '../../domain/grid/compile-network.ts'
import { placesOf } from '../../domain/grid/hierarchy.ts'
import type { Network } from '../../domain/grid/network.ts'
import { Finding, printJson, printText, table } from '../output.ts'
import { counted, listed, readNetwork } from './network-input.ts'

export const gridCheck = async (files: readonly string[], flags: { readonly json?: boolean }): Promise<void> => {
  const { format, network, problems: ofFile } = await readNetwork(files)
  const problems = network === undefined ? ofFile : [...ofFile, ...checkNetwork(network)]
  const errors = problems.filter(({ severity }) => severity === 'error').length
  const warnings = problems.length - errors
  const found = network === undefined || errors > 0 ? undefined : inventory(network)
  if (flags.json) printJson({ format, errors, warnings, problems, ...(found && { network: found }) })
  else
    printText(
      [
        `${counted(errors, 'error')}, ${counted(warnings, 'warning')}`,
        ...(problems.length > 0 ? [listed(problems)] : []),
        ...(found === undefined ? [] : [table(['', ''], Object.entries(found))])
      ].join('\n')
    )
  if (errors > 0) throw new Finding(`${files.join(', ')} has ${counted(errors, 'error')}`)
}

const inventory = (network: Network): Readonly<Record<string, string | number>> => {
  const places = placesOf(network)
  const distinct = (name: keyof (typeof places)[number]): number =>
    new Set(places.flatMap(place => place[name] ?? [])).size
  const pods = [...network.loads, ...network.generators, ...network.storages].flatMap(({ pod }) => pod ?? [])
  return {
    name: network.name,
    shape: compileNetwork(network).compiled?.equations.shape ?? '',
    buses: network.buses.length,
    lines: network.lines.length,
    transformers: network.transformers.length,
    switches: network.switches.length,
    externalGrids: network.externalGrids.length,
    loads: network.loads.length,
    generators: network.generators.length,
    storages: network.storages.length,
    shunts: network.shunts.length,
    pointsOfDelivery: new Set(pods).size,
    primarySubstations: distinct('primarySubstation'),
    feeders: distinct('feeder'),
    secondarySubstations: distinct('secondarySubstation')
  }
}
