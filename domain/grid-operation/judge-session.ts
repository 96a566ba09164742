/**
 * Flow 4: what the market accepted is judged by the grid calculation; and once the outcome is final, the grid is calculated
 * with it, so that the log shows whether any limit is still broken (T-39).
 *
 * A service that is not named is accepted in full. Without a solution in a quarter-hour everything in it is refused.
 */
import { createHash } from 'node:crypto'
import type {
  GridEvent,
  NoteFinalOutcome,
  ProposalDropped,
  ServiceVerdictGiven,
  ValidateServices,
  VerdictInterval
} from '../../schemas/generated.ts'
import type { JudgedService, Reason, TechnicalValidation } from '../grid/technical-validation/service.ts'
import { verdictsOf } from '../grid/technical-validation/verdicts.ts'
import { MTU_MS } from '../units/time.ts'
import { acceptedServices, firmServices, ownServices } from './active-services.ts'
import type { CalculatedSlots, Decision, Undecided } from './calculation.ts'
import { alarmsOf } from './grid-states.ts'
import { versionOf } from './network-version.ts'
import { busOfPod, type ForecastOf, type Powers, powersOf } from './powers.ts'
import type { GridSession, NetworkVersion, PomGrid } from './state.ts'

export const validateServices = (
  command: ValidateServices,
  session: GridSession,
  pom: PomGrid,
  network: NetworkVersion,
  forecastOf: ForecastOf
): Decision => {
  const { pom: name, sessionId, services: told } = command
  const dropped = [...session.proposals.keys()].map(
    (requestId): ProposalDropped => ({ type: 'ProposalDropped', pom: name, sessionId, requestId, by: null })
  )
  const services = acceptedServices(session, pom)
  if (services.length !== told)
    throw new Error(`${sessionId}: ${services.length} accepted services were told, not ${told}`)
  if (services.length === 0)
    return [
      ...dropped,
      { type: 'GridFactPassedOver', pom: name, fact: 'ValidateServices', subject: sessionId, reason: 'nothingAccepted' }
    ]
  const read = versionOf(network)
  const firm = firmServices(session.asked, pom)
  const { slots } = powersOf(read, pom.pods, forecastOf, firm, session.asked)
  const { compiled, limits, podPlaces } = read
  return {
    asks: 'validate',
    problem: { compiled, limits, slots, services, busOfPod: busOfPod(podPlaces) },
    decide: result => [...dropped, ...judgedWith(result, command, session, network)]
  }
}

const judgedWith = (
  result: TechnicalValidation,
  { pom: name, sessionId, marketOutcomeId }: ValidateServices,
  session: GridSession,
  network: NetworkVersion
): readonly GridEvent[] => {
  const dsoId = network.activated.by.id
  const of = { pom: name, sessionId, marketOutcomeId }
  const { start, mtus } = session.asked
  const verdicts = verdictsOf(
    result,
    Array.from({ length: mtus }, (_, n) => start + n * MTU_MS)
  )
  const given = result.services.flatMap((judged, n): ServiceVerdictGiven[] => {
    const found = verdicts[n]!.verdicts.filter(({ verdict }) => verdict !== 'OK')
    if (found.length === 0) return []
    return [
      {
        type: 'ServiceVerdictGiven',
        ...of,
        offerId: judged.offerId,
        dsoId,
        verdicts: found,
        reason: reasonText(judged, result)
      }
    ]
  })
  return [
    ...given,
    {
      type: 'TechnicalValidationDone',
      ...of,
      dsoId,
      services: result.services.length,
      curtailed: given.length,
      curtailedWattMtus: result.services.reduce(
        (sum, { slots: judged }) => sum + judged.reduce((all, one) => all + one.accepted - one.acceptable, 0),
        0
      ),
      residualViolations: result.slots.reduce((sum, { residual }) => sum + residual.length, 0),
      divergedSlots: result.slots.filter(({ status }) => status === 'no-solution').length,
      digest: createHash('sha256').update(JSON.stringify(given)).digest('hex')
    }
  ]
}

const says: Readonly<Record<Reason, string>> = {
  violation: 'the whole would break a limit',
  block: 'another quarter-hour of its block allows no more',
  'not-supplied': 'a point of delivery has no supply in this network',
  'unknown-pod': 'a point of delivery is not in the network',
  'no-solution': 'the power flow has no solution, so nothing can be proven'
}

const reasonText = ({ slots }: JudgedService, { slots: grids }: TechnicalValidation): string => {
  const first = slots.find(({ reason }) => reason !== undefined)
  if (first?.reason === undefined) return ''
  const broken = first.reason === 'violation' ? grids[first.slot]?.withAll?.[0] : undefined
  return `${says[first.reason]}${broken ? ` (${broken.kind} at ${broken.element})` : ''}`
}

export const noteFinalOutcome = (
  { pom: name, sessionId, status }: NoteFinalOutcome,
  session: GridSession,
  pom: PomGrid,
  network: NetworkVersion,
  forecastOf: ForecastOf
): Undecided => {
  const validated = status === 'validated' ? session.validated : []
  const noted: GridEvent = {
    type: 'FinalOutcomeNoted',
    pom: name,
    sessionId,
    status,
    validatedWattMtus: validated.reduce(
      (sum, { profile }) => sum + profile.reduce((all, { quantity, mtus }) => all + quantity * mtus, 0),
      0
    ),
    againstVerdicts: validated.filter(({ offerId, profile }) => isAbove(profile, session.verdicts.get(offerId) ?? []))
      .length
  }
  const read = versionOf(network)
  const { asked } = session
  const services = [...firmServices(asked, pom), ...(status === 'validated' ? ownServices(session, pom.pods) : [])]
  const powers = powersOf(read, pom.pods, forecastOf, services, asked)
  return {
    asks: 'states',
    problem: { compiled: read.compiled, limits: read.limits, slots: powers.slots, start: asked.start },
    decide: calculated => [noted, ...finalWith(calculated, powers, session, network)]
  }
}

const finalWith = (
  calculated: CalculatedSlots,
  powers: Powers,
  { asked }: GridSession,
  network: NetworkVersion
): readonly GridEvent[] => {
  const read = versionOf(network)
  const { pom: name, sessionId, start } = asked
  const dsoId = network.activated.by.id
  const alarms = alarmsOf(read, calculated, [], { pom: name, dsoId, sessionId, stage: 'validated', start })
  const broken = calculated.violations.map(found => found?.length ?? 0)
  return [
    {
      type: 'GridAssessed',
      pom: name,
      sessionId,
      stage: 'validated',
      networkVersion: network.activated.version,
      basis: powers.basis,
      slots: calculated.summaries,
      violatedSlots: broken.filter(count => count > 0).length,
      divergedSlots: calculated.divergences.length,
      worst: Math.max(0, ...broken),
      alarms: alarms.length,
      requests: 0,
      unresolved: broken.reduce((sum, count) => sum + count, 0),
      digest: powers.digest
    },
    ...alarms
  ]
}

/** Whether more is final in some quarter-hour than was judged acceptable. */
const isAbove = (
  profile: readonly { readonly start: number; readonly mtus: number; readonly quantity: number }[],
  verdicts: readonly VerdictInterval[]
): boolean =>
  verdicts.some(verdict => {
    const end = verdict.start + verdict.mtus * MTU_MS
    return profile.some(
      run => run.start < end && verdict.start < run.start + run.mtus * MTU_MS && run.quantity > verdict.quantity
    )
  })
