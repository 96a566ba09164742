/** `flexledger grid validate NETWORK`: which of the accepted services the grid can carry, slot by slot, without any server. */
import { busOfPodIn } from '../../domain/grid/apply-services.ts'
import type { Slot } from '../../domain/grid/slots-file.ts'
import type { AcceptedService, TechnicalValidation } from '../../domain/grid/technical-validation/service.ts'
import {
  isMarketOutcome,
  parseServices,
  servicesOfMarket
} from '../../domain/grid/technical-validation/services-file.ts'
import { validateServices } from '../../domain/grid/technical-validation/validate-services.ts'
import { STEP_W } from '../../domain/grid/technical-validation/validation-case.ts'
import { verdictOf } from '../../domain/grid/technical-validation/verdicts.ts'
import { limitsOf } from '../../domain/grid/violations.ts'
import { parseBook } from '../../domain/market/clearing/book-file.ts'
import { Finding, printJson, printText, table, UsageError } from '../output.ts'
import { faults, limitsFrom, slotsFrom } from './grid-files.ts'
import { compiledFrom, readJson, warnings } from './network-input.ts'

interface Flags {
  readonly slots?: string
  readonly limits?: string
  readonly outcome: string
  readonly book?: string
  readonly step?: number
  readonly json?: boolean
}

export const gridValidate = async (files: readonly string[], flags: Flags): Promise<void> => {
  const { network, compiled, problems } = await compiledFrom(files)
  const slots = flags.slots === undefined ? [{ powers: {} }] : await slotsFrom(flags.slots, network)
  const services = await servicesFrom(flags, slots.length)
  const result = validateServices({
    compiled,
    busOfPod: busOfPodIn(compiled),
    limits: limitsOf(compiled, await limitsFrom(flags.limits, network)),
    slots: slots.map(({ powers }) => powers),
    services,
    cutting: { step: flags.step ?? STEP_W }
  })
  if (flags.json) printJson({ network: network.name, problems, ...documentOf(slots, services, result) })
  else printText([...warnings(problems), readable(slots, services, result)].join('\n\n'))
  const unsolved = result.slots.filter(({ status }) => status === 'no-solution').length
  if (unsolved > 0) throw new Finding(`${unsolved} of ${slots.length} slots have no solution`)
}

const servicesFrom = async ({ outcome, book }: Flags, slots: number): Promise<readonly AcceptedService[]> => {
  const json = await readJson(outcome)
  const read = isMarketOutcome(json) ? await ofMarket(json, outcome, book, slots) : parseServices(json, slots)
  if (read.services === undefined)
    throw new UsageError(`${outcome} has no accepted services:\n${faults(read.problems)}`)
  return read.services
}

const ofMarket = async (json: unknown, outcome: string, file: string | undefined, slots: number) => {
  if (file === undefined) throw new UsageError(`${outcome} is a market outcome; --book names the book it came from`)
  const parsed = parseBook(await readJson(file))
  if ('problems' in parsed) throw new UsageError(`${file} is no order book:\n${faults(parsed.problems)}`)
  return servicesOfMarket(parsed.book, json, slots)
}

const documentOf = (slots: readonly Slot[], services: readonly AcceptedService[], result: TechnicalValidation) => ({
  slots: result.slots.map((judged, n) => ({ ...nameOf(slots[n]), slot: n, ...judged })),
  services: result.services.map(({ offerId, slots: judged }, n) => ({
    offerId,
    rank: services[n]?.rank,
    slots: judged.map(one => ({ ...one, verdict: verdictOf(one) }))
  }))
})

const nameOf = (slot: Slot | undefined) => ({
  ...(slot?.title !== undefined && { title: slot.title }),
  ...(slot?.time !== undefined && { time: slot.time })
})

/** Cut services shown for people; with --json all of them. */
const SHOWN = 40

const readable = (
  slots: readonly Slot[],
  services: readonly AcceptedService[],
  result: TechnicalValidation
): string => {
  const cut = result.services
    .flatMap(({ offerId, slots: judged }, n) =>
      judged
        .filter(({ acceptable, accepted }) => acceptable < accepted)
        .map(one => ({ offerId, rank: services[n]!.rank, ...one }))
    )
    .sort((a, b) => a.slot - b.slot || a.rank - b.rank)
  const title = (n: number): string => slots[n]?.title ?? slots[n]?.time ?? String(n)
  return [
    table(
      ['slot', 'status', 'broken with all', 'broken with the acceptable', 'power flows'],
      result.slots.map(({ status, withAll, residual, powerFlows }, n) => [
        ...[title(n), status, withAll === undefined ? 'no solution' : withAll.length, residual.length, powerFlows]
      ])
    ),
    ...(cut.length === 0
      ? ['every service is acceptable']
      : [
          table(
            ['slot', 'rank', 'offer', 'verdict', 'acceptable', 'of', 'why'],
            cut
              .slice(0, SHOWN)
              .map(one => [
                ...[
                  title(one.slot),
                  one.rank,
                  one.offerId,
                  verdictOf(one),
                  one.acceptable,
                  one.accepted,
                  one.reason ?? ''
                ]
              ])
          )
        ]),
    ...(cut.length > SHOWN ? [`and ${cut.length - SHOWN} more (--json has all)`] : [])
  ].join('\n\n')
}
