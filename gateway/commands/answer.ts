/**
 * What the caller is told about its commands.
 *
 *   one item    201 or 200 · 202 + Location while undecided · the refusal as a problem
 *   an array    201 all accepted · 202 some undecided · 207 mixed · 422 all refused; `items` tells each one's part
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ApiContext, principalOf } from '../api/context.ts'
import { type Problem, problem, refusalProblem } from '../problem.ts'
import { sendProblem } from '../problem-reply.ts'
import type { Command, Outcome, Position } from './submit.ts'

export interface Submission {
  /** The business id that the item is about. */
  readonly id: string
  readonly command: Command
}

export interface AnswerItem {
  readonly index: number
  readonly id: string
  readonly command?: string
  readonly status: Outcome['status'] | 'not-sent'
  readonly position?: Position
  readonly playerServiceId?: string
  readonly problem?: Problem
}

const traceParentPattern = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/** Sends the commands of one call and waits for what is decided. */
export const submitAll = async (
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  submissions: readonly Submission[],
  keySuffix = ''
): Promise<readonly Outcome[]> => {
  const { actor } = principalOf(request)
  const given = request.headers['idempotency-key']
  const key = typeof given === 'string' ? given : keyOf(reply, context)
  reply.header('idempotency-key', key)
  const traceParent = request.headers['traceparent']
  const isTraced = typeof traceParent === 'string' && traceParentPattern.test(traceParent)
  return context.submit(
    { actor, idempotencyKey: `${key}${keySuffix}`, ...(isTraced ? { traceParent } : {}) },
    submissions.map(({ command }) => command)
  )
}

const keyOf = (reply: FastifyReply, context: ApiContext): string => {
  const before = reply.getHeader('idempotency-key')
  return typeof before === 'string' ? before : context.newKey()
}

export const answerOne = (
  { publicUrl }: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  id: string,
  outcome: Outcome,
  created?: string
): FastifyReply => {
  const { command } = outcome
  switch (outcome.status) {
    case 'accepted': {
      const { position, serviceId } = outcome
      if (created !== undefined) reply.header('location', created)
      reply.code(created === undefined ? 200 : 201)
      return reply.send({ id, status: 'accepted', command, position, ...(serviceId && { playerServiceId: serviceId }) })
    }
    case 'refused':
      return sendProblem(request, reply, refusalProblem(publicUrl, outcome.reasons))
    case 'pending':
      return reply.code(202).header('location', commandPath(command)).send({ id, status: 'pending', command })
  }
}

export const answerItem = (publicUrl: string, index: number, id: string, outcome: Outcome): AnswerItem => {
  const { status, command } = outcome
  switch (status) {
    case 'accepted': {
      const { position, serviceId } = outcome
      return { index, id, command, status, position, ...(serviceId && { playerServiceId: serviceId }) }
    }
    case 'refused':
      return { index, id, command, status, problem: refusalProblem(publicUrl, outcome.reasons) }
    case 'pending':
      return { index, id, command, status }
  }
}

export const answerItems = (
  { publicUrl }: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  items: readonly AnswerItem[]
): FastifyReply => {
  const pending = items.find(({ status }) => status === 'pending')
  if (pending?.command !== undefined)
    return reply.code(202).header('location', commandPath(pending.command)).send({ items })
  const refused = items.filter(({ status }) => status === 'refused').length
  const accepted = items.filter(({ status }) => status === 'accepted').length
  if (refused > 0 && accepted === 0) {
    const all = problem(publicUrl, 'all-refused', `${refused} of ${items.length} items were refused, see items.`)
    return sendProblem(request, reply, all, { items })
  }
  return reply.code(refused === 0 ? 201 : 207).send({ items })
}

export const commandPath = (command: string): string => `/v1/commands/${command}`

/**
 * One item or an array of items, as the body came. Nothing keeps the body while the decisions are waited for: a document of
 * megabytes is a hundred thousand objects, and the collection of memory that falls into the wait would copy every one of them.
 */
export const answerBody = <Item>(
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  body: Item | readonly Item[],
  submissionOf: (item: Item) => Submission,
  createdAt: (id: string) => string
): Promise<FastifyReply> => {
  const submissions = isList(body) ? body.map(submissionOf) : [submissionOf(body)]
  request.body = undefined
  const ids = submissions.map(({ id }) => id)
  const decided = submitAll(context, request, reply, submissions)
  return isList(body)
    ? answerList(context, request, reply, ids, decided)
    : answerSingle(context, request, reply, ids[0]!, decided, createdAt)
}

const answerSingle = async (
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  id: string,
  decided: Promise<readonly Outcome[]>,
  createdAt: (id: string) => string
): Promise<FastifyReply> => {
  const [outcome] = await decided
  return answerOne(context, request, reply, id, outcome!, createdAt(id))
}

const answerList = async (
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  ids: readonly string[],
  decided: Promise<readonly Outcome[]>
): Promise<FastifyReply> => {
  const outcomes = await decided
  const answers = outcomes.map((outcome, index) => answerItem(context.publicUrl, index, ids[index]!, outcome))
  return answerItems(context, request, reply, answers)
}

const isList = <Item>(body: Item | readonly Item[]): body is readonly Item[] => Array.isArray(body)
