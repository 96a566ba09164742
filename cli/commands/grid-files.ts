/** Files that several commands of `flexledger grid` read beside the network. */
import { parseThresholds } from '../../domain/grid/limits-file.ts'
import type { Network } from '../../domain/grid/network.ts'
import { parseSlots, type Slot } from '../../domain/grid/slots-file.ts'
import { defaultThresholds, type Thresholds } from '../../domain/grid/violations.ts'
import type { BookProblem } from '../../domain/market/clearing/book-file.ts'
import { UsageError } from '../output.ts'
import { listed, readJson } from './network-input.ts'

export const slotsFrom = async (file: string, network: Network): Promise<readonly Slot[]> => {
  const { slots, problems } = parseSlots(await readJson(file), network)
  if (slots === undefined) throw new UsageError(`${file} has no slots of this network:\n${listed(problems)}`)
  return slots
}

export const limitsFrom = async (file: string | undefined, network: Network): Promise<Thresholds> => {
  if (file === undefined) return defaultThresholds
  const { thresholds, problems } = parseThresholds(await readJson(file), network)
  if (thresholds === undefined) throw new UsageError(`${file} has no limits of this network:\n${faults(problems)}`)
  return thresholds
}

export const faults = (problems: readonly BookProblem[]): string =>
  problems.map(({ path, detail }) => `  ${path || '/'}: ${detail}`).join('\n')
