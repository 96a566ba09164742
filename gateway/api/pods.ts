/** Flow 0: points of delivery, from the aggregator's registration to the end of it. */
import type { Static } from 'typebox'
import type { PodRecord } from '../../schemas/generated.ts'
import { answerBody, answerOne, submitAll } from '../commands/answer.ts'
import type { Command } from '../commands/submit.ts'
import type { Access, Api, ApiContext } from './context.ts'
import { principalOf } from './context.ts'
import * as examples from './examples.ts'
import { oneOrMany, withExample, writesMany, writesOne } from './operation.ts'
import { AgreementLink, NewPod, PodDocument, PodParams } from './schemas.ts'

const access: Access = { scope: 'pods:write', roles: ['aggregator', 'administrator'] }
/** Without curves as many fit into a body; with them some 1,000. */
const podsMax = 5_000

/** Field by field: a copy by `...` takes ten times as long, and a bulk call makes thousands. */
const recordOf = (document: Static<typeof PodDocument>): PodRecord => ({
  aggregatorId: document.aggregatorId,
  zone: document.zone,
  flexibilityType: document.flexibilityType,
  voltageLevel: document.voltageLevel,
  contractualPower: document.contractualPower,
  pnp: document.pnp,
  inp: document.inp,
  inq: document.inq,
  cnq: document.cnq,
  cnp: document.cnp ?? null,
  cosPhi: document.cosPhi,
  maxFlexibility: document.maxFlexibility,
  powerBaselineCurves: document.powerBaselineCurves,
  services: document.services
})

export const podOperations = (app: Api, context: ApiContext): void => {
  const tag = 'Points of delivery (flow 0)'
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
    method: 'POST',
    url: '/v1/pods',
    config: { access },
    schema: {
      ...writesMany({ id: 'registerPods', tag, summary: 'Register points of delivery', access }),
      body: oneOrMany(NewPod, podsMax, [[examples.newPod]])
    },
    handler: async (request, reply) => {
      const by = principalOf(request).actor
      const submissionOf = (document: Static<typeof NewPod>) => ({
        id: document.pod,
        command: { type: 'RegisterPod', pod: document.pod, by, record: recordOf(document) } as const
      })
      return answerBody(context, request, reply, request.body, submissionOf, pod => `/v1/pods/${pod}`)
    }
  })

  app.route({
    method: 'PUT',
    url: '/v1/pods/:pod',
    config: { access },
    schema: {
      ...writesOne({ id: 'updatePod', tag, summary: 'Replace the document of a point of delivery', access }),
      params: PodParams,
      body: withExample(PodDocument, examples.podDocument)
    },
    handler: async (request, reply) => {
      const { pod } = request.params
      const by = principalOf(request).actor
      return one(request, reply, pod, { type: 'UpdatePod', pod, by, record: recordOf(request.body) })
    }
  })

  app.route({
    method: 'DELETE',
    url: '/v1/pods/:pod',
    config: { access },
    schema: {
      ...writesOne({ id: 'ceasePod', tag, summary: 'End the registration of a point of delivery', access }),
      params: PodParams
    },
    handler: async (request, reply) => {
      const { pod } = request.params
      return one(request, reply, pod, { type: 'CeasePod', pod, by: principalOf(request).actor })
    }
  })

  app.route({
    method: 'PUT',
    url: '/v1/pods/:pod/agreement',
    config: { access },
    schema: {
      ...writesOne({ id: 'linkAgreement', tag, summary: 'Link a point of delivery to its agreement', access }),
      params: PodParams,
      body: withExample(AgreementLink, examples.agreementLink)
    },
    handler: async (request, reply) => {
      const { pod } = request.params
      const { smartContractId } = request.body
      return one(request, reply, pod, { type: 'LinkAgreement', pod, by: principalOf(request).actor, smartContractId })
    }
  })
}
