/** `flexledger market clear BOOK.json`: what the market would make of an order book, without any server. */
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import type { ClearingOutcome } from '../../domain/market/clearing/book.ts'
import { type BookProblem, outcomeToJson, parseBook } from '../../domain/market/clearing/book-file.ts'
import { clearBook } from '../../domain/market/clearing/clear-book.ts'
import { solveFullModel } from '../../domain/market/clearing/full-model.ts'
import { loadSolver } from '../../domain/optimisation/solver.ts'
import { TICKS_PER_MICRO_EUR } from '../../domain/units/quantities.ts'
import { euros } from '../app/day-account.ts'
import { Finding, printJson, printText, table, UsageError } from '../output.ts'

interface Flags {
  readonly oracle?: boolean
  readonly json?: boolean
}

export const marketClear = async (file: string, flags: Flags): Promise<void> => {
  const parsed = parseBook(jsonOf(await textOf(file), file))
  if ('problems' in parsed)
    throw new UsageError(`${file} is no order book:\n${parsed.problems.map(problemLine).join('\n')}`)
  const solver = await loadSolver()
  const outcome = clearBook(parsed.book, solver)
  if (flags.json) printJson(outcomeToJson(outcome))
  else printText(readable(outcome))
  if (flags.oracle) {
    const oracle = solveFullModel(parsed.book, solver)
    const same =
      outcome.dso.served === oracle.dsoServed &&
      outcome.tso.served === oracle.tsoServed &&
      Math.abs(Number(outcome.dso.bidCostTicks) - oracle.dsoCostTicks) < TICKS_PER_MICRO_EUR &&
      Math.abs(Number(outcome.tso.bidCostTicks) - oracle.tsoCostTicks) < TICKS_PER_MICRO_EUR
    if (!same) throw new Finding('the full model finds another optimum')
    process.stderr.write('the full model finds the same optimum\n')
  }
}

const textOf = async (file: string): Promise<string> => {
  try {
    return file === '-' ? await text(process.stdin) : await readFile(file, 'utf8')
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
}

const jsonOf = (text: string, file: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${file} is no JSON: ${error instanceof Error ? error.message : error}`)
  }
}

const problemLine = ({ path, detail }: BookProblem): string => `  ${path || '/'}: ${detail}`

const readable = (outcome: ClearingOutcome): string => {
  const { algorithm, gap, nodes, dso, tso, offers, requests } = outcome
  const side = (name: string, { asked, served, paidMicroEur }: ClearingOutcome['dso']) =>
    [name, asked / 4, served / 4, (asked - served) / 4, euros(paidMicroEur)] as const
  const accepted = offers.filter(({ allocations }) => allocations.length > 0).sort((a, b) => a.rank - b.rank)
  return [
    `cleared by ${algorithm}, gap ${gap}, ${nodes} nodes`,
    '',
    table(['side', 'asked Wh', 'served Wh', 'residual Wh', 'paid €'], [side('DSO', dso), side('TSO', tso)]),
    '',
    table(
      ['request', 'served Wh', 'residual Wh', 'paid €'],
      requests.map(({ id, served, residual, paidMicroEur }) => [
        id,
        wattHours(served),
        wattHours(residual),
        euros(paidMicroEur)
      ])
    ),
    '',
    table(
      ['rank', 'offer', 'accepted Wh', 'serves'],
      accepted.map(({ id, rank, allocations }) => [
        rank,
        id,
        wattHours(allocations),
        [...new Set(allocations.map(({ requestId }) => requestId))].join(', ')
      ])
    ),
    ...(accepted.length < offers.length ? ['', `${offers.length - accepted.length} offers were not accepted`] : [])
  ].join('\n')
}

const wattHours = (runs: readonly { readonly mtus: number; readonly power: number }[]): number =>
  runs.reduce((sum, { mtus, power }) => sum + mtus * power, 0) / 4
