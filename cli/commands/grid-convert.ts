/** `flexledger grid convert NETWORK`: a network of another format in the own one. */
import { networkToJson } from '../../domain/grid/network-file.ts'
import { printJson } from '../output.ts'
import { listed, networkFrom } from './network-input.ts'

export const gridConvert = async (files: readonly string[]): Promise<void> => {
  const { network, problems } = await networkFrom(files)
  if (problems.length > 0) process.stderr.write(`${problems.length} warnings:\n${listed(problems)}\n`)
  printJson(networkToJson(network))
}
