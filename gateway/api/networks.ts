/**
 * The network of a grid operator (FR_DTP_PFA_2), its switches (T-51), and what is measured at its elements (flow 1A): for
 * the built-in grid operator. One that runs a platform of its own sends flows 0A, 2c and 4 instead and needs none of this.
 */
import { createHash } from 'node:crypto'
import type { Static } from 'typebox'
import type { PlantRecord } from '../../schemas/generated.ts'
import { answerBody, answerOne, submitAll } from '../commands/answer.ts'
import type { Command, Outcome } from '../commands/submit.ts'
import { type Access, type Api, type ApiContext, principalOf } from './context.ts'
import * as examples from './grid-examples.ts'
import { networkCommands } from './network-parts.ts'
import {
  gridSession,
  Measurements,
  NetworkImport,
  Plant,
  PomParams,
  ProposalChoice,
  Switching,
  WeatherReport
} from './network-schemas.ts'
import { oneOrMany, withExample, writesMany, writesOne } from './operation.ts'
import { pomOf } from './session-id.ts'
import { instant } from './time.ts'

const access: Access = { scope: 'grid:write', roles: ['dso'] }
/** A day of all loads of a district comes in some calls. */
const measurementsMax = 2_000

export const networkOperations = (app: Api, context: ApiContext): void => {
  const tag = 'Networks'
  const one = async (
    request: Parameters<typeof submitAll>[1],
    reply: Parameters<typeof submitAll>[2],
    id: string,
    command: Command
  ) => {
    const [outcome] = await submitAll(context, request, reply, [{ id, command }])
    return answerOne(context, request, reply, id, outcome!)
  }

  app.route({
    method: 'PUT',
    url: '/v1/networks/:pom',
    config: { access },
    schema: {
      ...writesOne({
        id: 'importNetwork',
        tag,
        summary: 'Import the network of a primary substation',
        description:
          'It is calculated with from then on, and its points of delivery are assigned to the primary substation (flow 0A). All problems are told at once; with one, the network before stays.',
        access
      }),
      params: PomParams,
      body: withExample(NetworkImport, examples.networkImport)
    },
    handler: async (request, reply) => {
      const { pom } = request.params
      const { actor } = principalOf(request)
      const given = request.headers['idempotency-key']
      const key = typeof given === 'string' ? given : context.newKey()
      reply.header('idempotency-key', key)
      // A call that is repeated with its key stages the same upload again.
      const upload = createHash('sha256').update(`${actor.id}/${key}`).digest('hex').slice(0, 16)
      const commands = networkCommands(request.body, pom, upload, actor)
      const outcomes = await submitAll(
        context,
        request,
        reply,
        commands.map(command => ({ id: pom, command }))
      )
      return answerOne(context, request, reply, pom, importOutcome(outcomes))
    }
  })

  app.route({
    method: 'POST',
    url: '/v1/networks/:pom/switching',
    config: { access },
    schema: {
      ...writesOne({ id: 'switchNetwork', tag, summary: 'Open and close switches of a network', access }),
      params: PomParams,
      body: withExample(Switching, examples.switching)
    },
    handler: async (request, reply) => {
      const { pom } = request.params
      const by = principalOf(request).actor
      return one(request, reply, pom, { type: 'SwitchNetwork', pom, by, ...request.body })
    }
  })

  app.route({
    method: 'POST',
    url: '/v1/networks/:pom/measurements',
    config: { access },
    schema: {
      ...writesMany({
        id: 'sendMeasurements',
        tag,
        summary: 'Tell what elements of a network were measured to withdraw',
        description: 'A whole day is learned from; fewer quarter-hours are the day so far.',
        access
      }),
      params: PomParams,
      body: oneOrMany(Measurements, measurementsMax, [[examples.measurements]])
    },
    handler: async (request, reply) => {
      const { pom } = request.params
      const by = principalOf(request).actor
      const submissionOf = ({ q = [], ...day }: Static<typeof Measurements>) => ({
        id: day.series,
        command: { type: 'NoteMeasurements', pom, by, ...day, q } as const
      })
      return answerBody(context, request, reply, request.body, submissionOf, () => `/v1/networks/${pom}`)
    }
  })

  app.route({
    method: 'POST',
    url: '/v1/networks/:pom/plants',
    config: { access },
    schema: {
      ...writesMany({ id: 'describePlants', tag, summary: 'Tell technical data of plants', access }),
      params: PomParams,
      body: oneOrMany(Plant, measurementsMax, [[examples.plant]])
    },
    handler: async (request, reply) => {
      const { pom } = request.params
      const by = principalOf(request).actor
      const submissionOf = ({ series, ...plant }: Static<typeof Plant>) => ({
        id: series,
        command: { type: 'NotePlant', pom, by, series, plant: plantRecord(plant) } as const
      })
      return answerBody(context, request, reply, request.body, submissionOf, () => `/v1/networks/${pom}`)
    }
  })

  app.route({
    method: 'PUT',
    url: '/v1/networks/:pom/weather',
    config: { access },
    schema: {
      ...writesOne({ id: 'tellWeather', tag, summary: 'Tell the weather at a network', access }),
      params: PomParams,
      body: withExample(WeatherReport, examples.weather)
    },
    handler: async (request, reply) => {
      const { pom } = request.params
      const by = principalOf(request).actor
      const { start, stepMinutes, ghi = [], cloudShare = [], temperature = [], wind = [] } = request.body
      const rows = { stepMinutes, ghi, cloudShare, temperature, wind }
      return one(request, reply, pom, { type: 'NoteWeather', pom, by, start: instant(start), ...rows })
    }
  })

  for (const [name, type, summary, label] of [
    ['approval', 'ApproveRequests', 'Send proposed requests to the market', 'DA'],
    ['rejection', 'RejectRequests', 'Drop proposed requests', 'RT5']
  ] as const)
    app.route({
      method: 'POST',
      url: `/v1/sessions/:sessionId/proposals/${name}`,
      config: { access },
      schema: {
        ...writesOne({
          id: name === 'approval' ? 'approveProposals' : 'rejectProposals',
          tag: 'Requests (flows 2b, 2c)',
          summary,
          description: 'Of the built-in grid operator, where its people confirm requests (FLEX_GRID_REQUESTS).',
          access
        }),
        params: gridSession(label),
        body: withExample(ProposalChoice, examples.proposalChoice)
      },
      handler: async (request, reply) => {
        const { sessionId } = request.params
        const by = principalOf(request).actor
        const { requestIds } = request.body
        return one(request, reply, sessionId, { type, pom: pomOf(sessionId), sessionId, by, requestIds })
      }
    })
}

/** What became of the whole: the first part that was refused, else the activation. */
const importOutcome = (outcomes: readonly Outcome[]): Outcome =>
  outcomes.find(({ status }) => status === 'refused') ?? outcomes[outcomes.length - 1]!

const plantRecord = (plant: Omit<Static<typeof Plant>, 'series'>): PlantRecord => ({
  kind: plant.kind,
  ratedWatt: plant.ratedWatt ?? null,
  latitudeDegree: plant.latitudeDegree ?? null,
  longitudeDegree: plant.longitudeDegree ?? null,
  tiltDegree: plant.tiltDegree ?? null,
  azimuthDegree: plant.azimuthDegree ?? null,
  hubHeightM: plant.hubHeightM ?? null,
  cutInMs: plant.cutInMs ?? null,
  ratedMs: plant.ratedMs ?? null,
  cutOutMs: plant.cutOutMs ?? null
})
