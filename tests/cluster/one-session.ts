/**
 * One session at one substation of its own: points of delivery, requests of both operators, a stream of single offers over
 * HTTP, the gate, the clearing, the verdict. The same script gives the same book at every substation, whatever is killed on
 * the way and in whatever order the offers arrive: each has a price of its own, so the clearing has one result.
 *
 * The clock is the script: it writes OpenSession and CloseSession into the inbox as processors/clock does.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { PRICE_MAX } from '../../domain/units/quantities.ts'
import { commandId, commandRecord, seededSalt } from '../../infra/log/envelope.ts'
import type { Log } from '../../infra/log/log.ts'
import { partitionOf } from '../../infra/log/partition-of.ts'
import { encode, fullNameOf } from '../../schemas/codec.ts'
import type { MarketCommand, Message } from '../../schemas/generated.ts'
import { topics } from '../../schemas/topics.ts'
import { aPod } from '../flows/market.ts'
import { type Decided, type Participant, participant } from './participant.ts'
import { type Counted, partitionCounter, readAll } from './third-reader.ts'

export interface OneSession {
  readonly pom: string
  readonly sessionId: string
  readonly partition: number
  /** The point that makes an offer of this number. */
  podOf(number: number): string
  readonly parties: { readonly aggregator: Participant; readonly dso: Participant; readonly tso: Participant }
  /** Registers, places, opens, asks. */
  prepare(): Promise<void>
  offer(number: number): Promise<Decided>
  /** A point that comes in later: registered, placed, and noted by the market. */
  addPod(number: number): Promise<void>
  close(): Promise<void>
  /** What counts at this partition now. */
  counted(): Promise<Counted>
  /** Until the market has decided something. */
  until(what: string, isThere: (messages: readonly Message[]) => boolean): Promise<void>
  commands(): Promise<readonly string[]>
}

const DATE = '2031-03-04'
const START = Date.parse(`${DATE}T00:00:00Z`)
const MTUS = 8
const HOUR_MS = 3_600_000
const MTU_MS = 900_000
/** Watts of an offer, and how many a point makes: together its band of 3,000 W. */
const OFFER_W = 300
const OFFERS_PER_POD = 10
/** For what a replaced owner, a new leader or a busy machine may hold up. */
const WAIT_MS = 120_000

const inbox = topics['flex.market.commands']

export interface OneSessionOptions {
  readonly log: Log
  readonly url: string
  readonly pom: string
  readonly offers: number
}

export const oneSession = ({ log, url, pom, offers }: OneSessionOptions): OneSession => {
  const partition = partitionOf(pom, inbox.partitions)
  const sessionId = `${DATE}.DA.${pom}`
  const salt = seededSalt(pom)
  const parties = {
    aggregator: participant(url, 'ACEAE'),
    dso: participant(url, 'ARETI'),
    tso: participant(url, 'TERNA')
  }
  const podOf = (number: number): string => `${pom}-${Math.floor(number / OFFERS_PER_POD)}`
  const pods = [...new Set(Array.from({ length: offers }, (_, n) => podOf(n)))]
  const window = { start: new Date(START).toISOString(), end: new Date(START + MTUS * MTU_MS).toISOString() }

  const accepted = async (what: string, answer: Promise<Decided>): Promise<void> => {
    const { status, body } = await answer
    if (status !== 200 && status !== 201) throw new Error(`${what}: ${status} ${JSON.stringify(body).slice(0, 1_000)}`)
  }

  const tell = async (command: MarketCommand): Promise<void> => {
    const key = `${command.type}/${sessionId}`
    const id = commandId('clock', key)
    const record = commandRecord(
      {
        type: fullNameOf(command.type),
        writer: 'clock',
        key: pom,
        value: encode(command),
        time: Date.now(),
        id,
        correlation: id,
        idempotencyKey: `clock/${key}`
      },
      salt
    )
    // Like the clock: what may not have happened is sent again, and is answered as a repetition if it had.
    const giveUpAt = performance.now() + WAIT_MS
    for (;;)
      try {
        await log.append(inbox.name, partition, [record])
        return
      } catch (error) {
        if (performance.now() > giveUpAt) throw error
        await delay(100)
      }
  }

  const counted = partitionCounter(log, 'flex.market.events', partition)
  const until: OneSession['until'] = async (what, isThere) => {
    const giveUpAt = performance.now() + WAIT_MS
    for (;;) {
      const { events } = await counted()
      const here = events.map(({ message }) => message).filter(message => 'pom' in message && message.pom === pom)
      if (isThere(here)) return
      if (performance.now() > giveUpAt) throw new Error(`${pom}: ${what} did not happen within ${WAIT_MS} ms`)
      await delay(100)
    }
  }

  const register = async (named: readonly string[], key: string): Promise<void> => {
    const registered = named.map(pod => aPod(pod))
    await accepted('pods', parties.aggregator.send('POST', '/v1/pods', registered, `${pom}/pods/${key}`))
    const places = named.map(pod => ({
      pod,
      place: { dsoId: 'ARETI', pom, feeder: `${pom}-F`, secondarySubstation: null }
    }))
    await accepted('places', parties.dso.send('POST', '/v1/pom-assignments', places, `${pom}/places/${key}`))
    await until(`${named.length} points of delivery noted`, messages => {
      const noted = new Set(messages.flatMap(message => (message.type === 'PodNoted' ? [message.pod] : [])))
      return named.every(pod => noted.has(pod))
    })
  }

  const requestOf = (requestId: string, share: number, named: readonly string[]) => ({
    requestId,
    level: 'primarySubstation',
    location: pom,
    pods: named,
    quantity: 'P',
    direction: 'UP',
    service: 'congestion',
    profile: [{ ...window, quantity: Math.floor((share * offers * OFFER_W) / 10) * 10 }],
    priceLimit: null
  })

  return {
    pom,
    sessionId,
    partition,
    podOf,
    parties,
    async prepare() {
      await register(pods, 'first')
      await tell({
        type: 'OpenSession',
        pom,
        sessionId,
        deliveryDate: DATE,
        timeZone: 'UTC',
        calendar: 'platone',
        marketType: 'dayAhead',
        number: 0,
        start: START,
        mtus: MTUS,
        definitiveStart: START,
        definitiveMtus: MTUS,
        opensAt: START - 12 * HOUR_MS,
        closesAt: START - 8 * HOUR_MS,
        validationEndsAt: START - 7 * HOUR_MS,
        rules: {
          pricing: 'uniform',
          exclusivePerPod: false,
          minimumBid: 100,
          nodeLimit: 100_000,
          gapAccepted: 0,
          priceLimitMax: PRICE_MAX,
          objectives: [],
          objectiveWeights: [],
          seed: 0
        }
      })
      await until('the opening', messages => messages.some(({ type }) => type === 'SessionOpened'))
      const path = `/v1/sessions/${sessionId}/requests`
      await accepted('DSO', parties.dso.send('POST', path, [requestOf('DSO-UP', 0.4, pods)], `${pom}/dso`))
      await accepted('TSO', parties.tso.send('POST', path, [requestOf('TSO-UP', 0.2, [])], `${pom}/tso`))
    },
    offer(number) {
      const pod = podOf(number)
      const offerId = `OFFER-${number}`
      const body = {
        type: 'single',
        offerId,
        unit: { id: pod, pods: [pod] },
        quantity: 'P',
        direction: 'UP',
        service: 'any',
        intervals: [{ ...window, steps: [{ quantity: OFFER_W, price: 50_000 + 7 * number }], minAcceptance: 0 }]
      }
      return parties.aggregator.send('POST', `/v1/sessions/${sessionId}/offers`, body, `${pom}/${offerId}`)
    },
    addPod: number => register([podOf(number)], `later/${number}`),
    async close() {
      await tell({ type: 'CloseSession', pom, sessionId })
      await until('the clearing', messages => messages.some(({ type }) => type === 'MarketCleared'))
      const { events } = await counted()
      const outcome = events
        .map(({ message }) => message)
        .find(message => message.type === 'MarketCleared' && message.pom === pom)
      if (outcome?.type !== 'MarketCleared') throw new Error('the clearing is gone')
      const verdict = { marketOutcomeId: outcome.marketOutcomeId, verdicts: [], unmentioned: 'OK', complete: true }
      const path = `/v1/sessions/${sessionId}/technical-outcome`
      await accepted('verdict', parties.dso.send('POST', path, verdict, `${pom}/verdict`))
      await until('the final outcome', messages => messages.some(({ type }) => type === 'SessionFinalised'))
    },
    counted,
    until,
    commands: async () =>
      (await readAll(log, inbox.name, partition))
        .filter(({ key }) => key === pom)
        .map(({ headers }) => headers['correlationid'] ?? '')
  }
}

/** The id that the gateway gives an offer's command. */
export const commandOfOffer = (pom: string, number: number): string =>
  commandId('ACEAE', `aggregator/ACEAE/${pom}/OFFER-${number}/0`)
