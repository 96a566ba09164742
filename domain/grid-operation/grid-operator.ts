/**
 * The built-in grid operator of one partition (flows 0A, 2c, 4): it plays from the log what a grid operator's own platform
 * plays by REST, and has no right that that one has not.
 *
 *   StageNetworkElements… ActivateNetwork        a PoM has a network; without one every fact is passed over
 *   AssessSession ──> assessed ──ValidateServices──> judged ──NoteFinalOutcome──> final
 *                       └ proposals: ApproveRequests, RejectRequests, or the gate drops them (T-86)
 *
 * Calculations are asked for (calculation.ts): whoever decides has them done, here or elsewhere. What a session was opened with,
 * later networks do not change: it is judged with the network that holds then, and the event names its version.
 */
import type {
  ApproveRequests,
  GridCommand,
  GridEvent,
  ProposalDropped,
  RejectRequests
} from '../../schemas/generated.ts'
import { reasons } from '../units/refusal.ts'
import { addDays } from '../units/time.ts'
import { assessSession } from './assess-session.ts'
import { type Decision, decided, type GridCalculation } from './calculation.ts'
import { locatePod, noteRegisteredPod, withLocated, withRegistered } from './directory.ts'
import { noteFinalOutcome, validateServices } from './judge-session.ts'
import { activateNetwork, refusal, stageElements, switchNetwork } from './networks.ts'
import { forecastsOf, noteMeasurements, notePlant, noteWeather, plantModel, withMeasurements } from './series.ts'
import { emptyPom, type GridOperation, type GridSession, type PomGrid } from './state.ts'

export { initial } from './state.ts'

type Context = { readonly now: number }

/** Sessions whose delivery day is further back are dropped from the state; the log keeps them. */
export const DAYS_KEPT = 3

/** What it takes to decide: nothing more, or a calculation and what is decided with its answer. */
export const gridDecision = (command: GridCommand, state: GridOperation, { now }: Context): Decision => {
  if (command.type === 'LocatePod') return [locatePod(command, state.directory.get(command.pod))]
  if (command.type === 'NoteRegisteredPod') return [noteRegisteredPod(command, state.directory.get(command.pod))]
  const pom = state.poms.get(command.pom) ?? emptyPom()
  const passedOver = (
    subject: string,
    reason: 'noNetwork' | 'sessionNotAssessed' | 'knownBefore'
  ): readonly GridEvent[] => [{ type: 'GridFactPassedOver', pom: command.pom, fact: command.type, subject, reason }]
  switch (command.type) {
    case 'StageNetworkElements':
      return stageElements(command, pom)
    case 'ActivateNetwork':
      return activateNetwork(command, pom, now)
    case 'SwitchNetwork':
      return switchNetwork(command, pom, now)
    case 'NoteMeasurements':
      return noteMeasurements(command, pom)
    case 'NotePlant':
      return notePlant(command, pom)
    case 'NoteWeather':
      return noteWeather(command, pom)
    case 'NoteGridPod':
      return [{ ...command, type: 'GridPodNoted' }]
    case 'ForgetGridPod':
      return [{ ...command, type: 'GridPodForgotten' }]
    case 'AssessSession': {
      if (!pom.network) return passedOver(command.sessionId, 'noNetwork')
      if (pom.sessions.has(command.sessionId)) return passedOver(command.sessionId, 'knownBefore')
      return assessSession(command, pom, pom.network, forecastsOf(pom, command))
    }
    case 'ApproveRequests':
    case 'RejectRequests':
      return decideProposals(command, pom)
    case 'NoteIndivisibleOffer':
      if (!pom.sessions.has(command.sessionId)) return passedOver(command.offerId, 'sessionNotAssessed')
      return [{ ...command, type: 'IndivisibleOfferNoted' }]
    case 'NoteClearedService':
      if (!pom.sessions.has(command.sessionId)) return passedOver(command.offerId, 'sessionNotAssessed')
      return [{ ...command, type: 'ClearedServiceNoted' }]
    case 'ValidateServices': {
      const session = pom.sessions.get(command.sessionId)
      if (!session || !pom.network) return passedOver(command.sessionId, 'sessionNotAssessed')
      return validateServices(command, session, pom, pom.network, forecastsOf(pom, session.asked))
    }
    case 'NoteValidatedService':
      if (!pom.sessions.has(command.sessionId)) return passedOver(command.offerId, 'sessionNotAssessed')
      return [{ ...command, type: 'ValidatedServiceNoted' }]
    case 'NoteFinalOutcome': {
      const session = pom.sessions.get(command.sessionId)
      if (!session || !pom.network) return passedOver(command.sessionId, 'sessionNotAssessed')
      return noteFinalOutcome(command, session, pom, pom.network, forecastsOf(pom, session.asked))
    }
  }
}

/** All of it here and now. */
export const gridDecide =
  (calculation: GridCalculation) =>
  (command: GridCommand, state: GridOperation, context: Context): readonly GridEvent[] =>
    decided(gridDecision(command, state, context), calculation)

export const evolve = (state: GridOperation, event: GridEvent): GridOperation => {
  switch (event.type) {
    case 'PodLocated':
      state.directory.set(event.pod, withLocated(event, state.directory.get(event.pod)))
      return state
    case 'RegisteredPodNoted':
      state.directory.set(event.pod, withRegistered(event, state.directory.get(event.pod)))
      return state
    case 'GridFactPassedOver':
    case 'GridCommandRefused':
      return state
  }
  let pom = state.poms.get(event.pom)
  if (!pom) {
    pom = emptyPom()
    state.poms.set(event.pom, pom)
  }
  switch (event.type) {
    case 'NetworkElementsStaged': {
      const { upload, by } = event
      if (pom.staged?.upload !== upload || pom.staged.by !== by.id) pom.staged = { upload, by: by.id, parts: new Map() }
      pom.staged.parts.set(event.index, event)
      return state
    }
    case 'NetworkVersionActivated': {
      pom.dsoId ??= event.by.id
      pom.network = { activated: event, parts: event.changed === 'imported' ? importedParts(pom) : partsBefore(pom) }
      if (event.changed === 'imported') pom.staged = null
      return state
    }
    case 'NetworkPodsPlaced':
      for (const { pod, place } of event.pods)
        if (place) pom.placed.set(pod, place)
        else pom.placed.delete(pod)
      return state
    case 'MeasurementsNoted':
      withMeasurements(event, pom)
      return state
    case 'PlantNoted':
      pom.models.set(event.series, plantModel(event.series, event.plant))
      pom.latest.delete(event.series)
      return state
    case 'WeatherNoted':
      pom.weather = event
      return state
    case 'GridPodNoted':
      pom.pods.set(event.pod, event)
      return state
    case 'GridPodForgotten':
      pom.pods.delete(event.pod)
      return state
    case 'GridAssessed':
    case 'AlarmRaised':
    case 'SeriesForecast':
      return state
    case 'GridSessionOpened': {
      const oldest = addDays(event.deliveryDate, -DAYS_KEPT)
      for (const [id, { asked }] of pom.sessions) if (asked.deliveryDate < oldest) pom.sessions.delete(id)
      pom.sessions.set(event.sessionId, newSession(event))
      return state
    }
    case 'RequestProposed':
      known(pom, event.sessionId).proposals.set(event.requestId, event)
      return state
    case 'FlexibilityRequested':
    case 'ProposalDropped':
      known(pom, event.sessionId).proposals.delete(event.requestId)
      return state
    case 'IndivisibleOfferNoted':
      known(pom, event.sessionId).indivisible.set(event.offerId, event)
      return state
    case 'ClearedServiceNoted':
      known(pom, event.sessionId).cleared.push(event)
      return state
    case 'ServiceVerdictGiven':
      known(pom, event.sessionId).verdicts.set(event.offerId, event.verdicts)
      return state
    case 'TechnicalValidationDone':
      known(pom, event.sessionId).status = 'judged'
      return state
    case 'ValidatedServiceNoted':
      known(pom, event.sessionId).validated.push(event)
      return state
    case 'FinalOutcomeNoted': {
      const session = known(pom, event.sessionId)
      session.status = 'final'
      if (event.status === 'notValidated') session.validated.length = 0
      session.cleared.length = 0
      return state
    }
  }
}

const decideProposals = (command: ApproveRequests | RejectRequests, pom: PomGrid): readonly GridEvent[] => {
  const { add, list } = reasons()
  const session = pom.sessions.get(command.sessionId)
  if (command.by.role !== 'dso') add('wrong-role', '')
  else if (pom.dsoId !== null && command.by.id !== pom.dsoId) add('foreign-actor', '')
  if (!session) add('unknown-session', '/sessionId')
  else if (session.status !== 'assessed') add('session-not-open', '/sessionId')
  const waiting = session?.proposals ?? new Map<string, never>()
  const asked = command.requestIds.length > 0 ? [...new Set(command.requestIds)] : [...waiting.keys()]
  asked.forEach((id, n) => {
    if (!waiting.has(id)) add('unknown-proposal', `/requestIds/${n}`)
  })
  if (session && asked.length === 0) add('unknown-proposal', '')
  if (!session || list.length > 0) return [refusal(command, command.sessionId, list)]
  const { pom: name, sessionId, by } = command
  return asked.map((requestId): GridEvent => {
    if (command.type === 'ApproveRequests')
      return { ...session.proposals.get(requestId)!, type: 'FlexibilityRequested' }
    return { type: 'ProposalDropped', pom: name, sessionId, requestId, by } satisfies ProposalDropped
  })
}

const newSession = (asked: GridSession['asked']): GridSession => ({
  asked,
  status: 'assessed',
  proposals: new Map(),
  indivisible: new Map(),
  cleared: [],
  verdicts: new Map(),
  validated: []
})

const importedParts = ({ staged }: PomGrid) => {
  if (!staged) throw new Error('evolve: a network was activated that was never staged')
  return [...staged.parts].sort(([a], [b]) => a - b).map(([, part]) => part)
}

const partsBefore = ({ network }: PomGrid) => {
  if (!network) throw new Error('evolve: a network was switched that was never imported')
  return network.parts
}

const known = (pom: PomGrid, id: string): GridSession => {
  const session = pom.sessions.get(id)
  // A log that speaks of a session that was never assessed is corrupt: stop, don't guess.
  if (!session) throw new Error(`evolve: session ${id} was never assessed`)
  return session
}
