/** `flexledger grid request NETWORK`: the cheapest flexibility that removes every violation, and whom to ask for it. */
import { type Alert, alertsOf } from '../../domain/grid/flexibility-request/alerts.ts'
import { defaultSizes, planFlexibility, type SlotPlan } from '../../domain/grid/flexibility-request/plan-flexibility.ts'
import {
  type PlacedUnit,
  type SubstationRequest,
  substationRequests
} from '../../domain/grid/flexibility-request/substation-requests.ts'
import { parseUnits } from '../../domain/grid/flexibility-request/units-file.ts'
import { placesOf } from '../../domain/grid/hierarchy.ts'
import type { Network } from '../../domain/grid/network.ts'
import type { Slot } from '../../domain/grid/slots-file.ts'
import { limitsOf, type Violation } from '../../domain/grid/violations.ts'
import { loadSolver } from '../../domain/optimisation/solver.ts'
import { Finding, printJson, printText, table, UsageError } from '../output.ts'
import { faults, limitsFrom, slotsFrom } from './grid-files.ts'
import { compiledFrom, readJson, warnings } from './network-input.ts'

interface Flags {
  readonly units: string
  readonly slots?: string
  readonly limits?: string
  readonly step?: number
  readonly minimum?: number
  readonly json?: boolean
}

export const gridRequest = async (files: readonly string[], flags: Flags): Promise<void> => {
  const { network, compiled, problems } = await compiledFrom(files)
  const slots = flags.slots === undefined ? [{ powers: {} }] : await slotsFrom(flags.slots, network)
  const thresholds = await limitsFrom(flags.limits, network)
  const read = parseUnits(await readJson(flags.units), compiled)
  if (read.units === undefined) throw new UsageError(`${flags.units} has no units:\n${faults(read.problems)}`)
  const { units } = read
  const step = flags.step ?? defaultSizes.step
  const plan = planFlexibility(compiled, slots, units, await loadSolver(), {
    limits: limitsOf(compiled, thresholds),
    sizes: { step, smallest: Math.max(step, flags.minimum ?? step) }
  })
  const pom =
    placesOf(network, compiled.topology).find(place => place.primarySubstation !== undefined)?.primarySubstation ??
    network.name
  const requests = substationRequests({ compiled, slots: slots.map(({ powers }) => powers), units, pom }, plan.slots)
  const alerts = alertsOf(
    compiled,
    slots.map(({ powers }, n) => ({ powers, violations: violationsBefore(plan.slots[n]!) })),
    units
  )
  if (flags.json)
    printJson({
      network: network.name,
      problems,
      cost_microEuro: plan.cost_microEuro,
      slots: plan.slots.map((slot, n) => ({ ...nameOf(slots[n]!), slot: n, ...documentOf(network, slot) })),
      alerts,
      requests
    })
  else
    printText(
      [...warnings(problems), readable(slots, plan.slots, alerts, requests, units, plan.cost_microEuro)].join('\n\n')
    )
  const unsolved = plan.slots.filter(({ status }) => status === 'diverged').length
  const residual = plan.slots.filter(({ status }) => status === 'residual').length
  if (unsolved > 0) throw new Finding(`${unsolved} of ${slots.length} slots have no solution`)
  if (residual > 0)
    throw new Finding(`${residual} of ${slots.length} slots keep violations that the units cannot remove`)
}

const violationsBefore = (slot: SlotPlan): readonly Violation[] => ('violations' in slot ? slot.violations : [])

const nameOf = ({ title, time }: Slot) => ({
  ...(title !== undefined && { title }),
  ...(time !== undefined && { time })
})

const documentOf = (network: Network, slot: SlotPlan) => {
  if (!('state' in slot)) return slot
  const { state, ...rest } = slot
  let minVoltage_pu = Number.POSITIVE_INFINITY
  let maxVoltage_pu = 0
  for (let n = 0; n < network.buses.length; n++) {
    const here = state.vm_pu[n]!
    if (here < minVoltage_pu) minVoltage_pu = here
    if (here > maxVoltage_pu) maxVoltage_pu = here
  }
  return { ...rest, after: { minVoltage_pu, maxVoltage_pu } }
}

/** Alerts and requests shown for people; with --json all of them. */
const SHOWN = 30

const readable = (
  slots: readonly Slot[],
  planned: readonly SlotPlan[],
  alerts: readonly Alert[],
  requests: readonly SubstationRequest[],
  units: readonly PlacedUnit[],
  cost: number
): string => {
  const broken = planned.flatMap((slot, n) => (slot.status === 'clean' ? [] : [{ slot, n }]))
  if (broken.length === 0) return `no violation in ${planned.length} slots: nothing to ask for`
  const title = (n: number): string => slots[n]?.title ?? slots[n]?.time ?? String(n)
  return [
    table(
      ['slot', 'status', 'broken', 'left', 'units moved', 'kW', 'kvar', 'cost €'],
      broken.map(({ slot, n }) =>
        'activations' in slot
          ? [
              ...[title(n), slot.status, slot.violations.length, slot.remaining.length, slot.activations.length],
              (slot.activations.reduce((sum, { p }) => sum + p, 0) / 1000).toFixed(2),
              (slot.activations.reduce((sum, { q }) => sum + q, 0) / 1000).toFixed(2),
              (slot.cost_microEuro / 1e6).toFixed(4)
            ]
          : [title(n), 'no solution', '', '', '', '', '', '']
      )
    ),
    table(
      ['alert', 'element', 'worst', 'limit', '', 'able to help'],
      alerts
        .slice(0, SHOWN)
        .map(({ kind, element, worst, helpful }) => [
          ...[kind, element, worst.value.toPrecision(5), worst.limit.toPrecision(5), worst.unit],
          helpful
            .map(
              ({ quantity, direction, total, podCount }) =>
                `${(total / 1000).toFixed(1)} ${quantity === 'P' ? 'kW' : 'kvar'} ${direction.toLowerCase()}, ${podCount} PoDs`
            )
            .join('; ') || 'nobody'
        ])
    ),
    ...(alerts.length > SHOWN ? [`and ${alerts.length - SHOWN} more alerts (--json has all)`] : []),
    requests.length === 0
      ? 'no request'
      : table(
          ['request at', '', 'PoDs', 'slots', 'most W or var', 'for'],
          requests
            .slice(0, SHOWN)
            .map(({ location, quantity, direction, pods, profile, service }) => [
              ...[location, `${quantity} ${direction}`, pods.length],
              profile.reduce((sum, run) => sum + run.slots, 0),
              Math.max(...profile.map(({ amount }) => amount)),
              service
            ])
        ),
    ...(requests.length > SHOWN ? [`and ${requests.length - SHOWN} more requests (--json has all)`] : []),
    `${units.length} units; the plan costs ${(cost / 1e6).toFixed(4)} €`
  ].join('\n\n')
}
