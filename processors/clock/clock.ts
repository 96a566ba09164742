/**
 * The clock writes time into the market's inboxes: OpenSession, CloseSession and EndValidation per PoM (FR_MP_I_1.d, T-MP-02).
 * It owns no outbox and keeps nothing: which PoMs exist and how far their sessions are it reads from the registry's and the
 * market's outboxes. A command that it sends twice (after a crash, or from two instances) has the same idempotency key and is
 * answered as a repetition.
 */

import { type CalendarName, calendars } from '../../domain/market/sessions/calendar.ts'
import type { Clock } from '../../infra/clock/clock.ts'
import type { Component } from '../../infra/host/host.ts'
import { causeAssembler, startPosition } from '../../infra/log/cause-reader.ts'
import { commandId, commandRecord, header, type SaltSource } from '../../infra/log/envelope.ts'
import type { Log } from '../../infra/log/log.ts'
import { partitionOf } from '../../infra/log/partition-of.ts'
import { decode, encode, fullNameOf } from '../../schemas/codec.ts'
import type { MarketCommand, SessionRules } from '../../schemas/generated.ts'
import { topics } from '../../schemas/topics.ts'
import { type Due, dueAt, type KnownPlans, nextInstant, plansAround, type SessionStatus } from './due.ts'

export interface ClockOptions {
  readonly log: Log
  readonly clock: Clock
  readonly salt: SaltSource
  readonly calendar: CalendarName
  readonly timeZone: string
  readonly rules: SessionRules
  /** A tick that failed and comes again. */
  readonly onWarning?: (message: string, error: unknown) => void
}

export interface MarketClock {
  /** Reads what the clock has to know; part of the host. */
  readonly component: Component
  /** Writes everything that is due now; resolves with how much it was. */
  tick(): Promise<number>
  /** When something will be due next, ms. */
  next(): number
  /** Ticks whenever something is due, until the signal ends it; while the log is away it tries again. */
  run(signal: AbortSignal): Promise<void>
}

/** A command that was sent and not seen decided is sent again after this; the market answers a second one as a repetition. */
const SEND_AGAIN_MS = 30_000

/** How often the clock looks again when nothing is due: new PoMs and late readers. */
const LOOK_AGAIN_MS = 1_000

const inbox = topics['flex.market.commands']

export const marketClock = ({ log, clock, salt, calendar, timeZone, rules, onWarning }: ClockOptions): MarketClock => {
  const poms = new Set<string>()
  const sessions = new Map<string, SessionStatus>()
  const known = { poms, sessions }
  const sentAt = new Map<string, number>()
  const knownPlans: KnownPlans = new Map()
  let plans = plansAround(clock.now(), calendars[calendar], timeZone, knownPlans)
  let plannedAt = clock.now()

  const learn = (bytes: Uint8Array): void => {
    const event = decode(bytes)
    switch (event.type) {
      case 'PomAssigned':
      case 'PodRegistered':
      case 'PodUpdated':
        if (event.place) poms.add(event.place.pom)
        return
      case 'SessionOpened':
        poms.add(event.pom)
        sessions.set(event.sessionId, 'open')
        return
      case 'MarketCleared':
        sessions.set(event.sessionId, 'cleared')
        return
      case 'SessionFinalised':
        sessions.set(event.sessionId, 'final')
        return
      default:
        return
    }
  }
  const wanted = new Set(
    (['PomAssigned', 'PodRegistered', 'PodUpdated', 'SessionOpened', 'MarketCleared', 'SessionFinalised'] as const).map(
      fullNameOf
    )
  )

  const component: Component = {
    name: 'clock',
    inputs: ['flex.registry.events', 'flex.market.events'],
    isReader: true,
    worker: input => {
      let assembler = causeAssembler(startPosition)
      return {
        name: `clock ${input.topic}/${input.partition}`,
        input,
        start: async () => {
          // A clock that does not know what was done asks for it again; so it always reads from the beginning.
          assembler = causeAssembler(startPosition)
          return 0
        },
        handle: async batch => {
          for (const record of batch)
            for (const event of assembler.push(record)?.events ?? [])
              if (wanted.has(event.headers[header.type] ?? '')) learn(event.value)
        }
      }
    }
  }

  const refreshed = (now: number) => {
    if (now - plannedAt > 3_600_000 || now < plannedAt) {
      plans = plansAround(now, calendars[calendar], timeZone, knownPlans)
      plannedAt = now
    }
    return plans
  }

  const tick = async (): Promise<number> => {
    const now = clock.now()
    let sent = 0
    for (const item of dueAt(now, refreshed(now), known)) {
      const key = `${item.action}/${item.sessionId}`
      if (now - (sentAt.get(key) ?? Number.NEGATIVE_INFINITY) < SEND_AGAIN_MS) continue
      const id = commandId('clock', key)
      const command = commandOf(item, { calendar, timeZone, rules })
      const record = commandRecord(
        {
          type: fullNameOf(command.type),
          writer: 'clock',
          key: item.pom,
          value: encode(command),
          time: now,
          id,
          correlation: id,
          idempotencyKey: `clock/${key}`
        },
        salt
      )
      await log.append(inbox.name, partitionOf(item.pom, inbox.partitions), [record])
      sentAt.set(key, now)
      sent++
    }
    for (const [key, at] of sentAt) if (now - at > 24 * 3_600_000) sentAt.delete(key)
    return sent
  }

  const next = () => nextInstant(clock.now(), refreshed(clock.now()))

  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      try {
        await tick()
      } catch (error) {
        // What was not sent is still due; what was, is answered as a repetition if it is sent again.
        onWarning?.('the clock could not write what is due, and tries again', error)
      }
      const now = clock.now()
      await clock.sleepUntil(Math.min(next(), now + LOOK_AGAIN_MS), signal)
    }
  }

  return { component, tick, next, run }
}

const commandOf = (
  { action, pom, sessionId, plan }: Due,
  { calendar, timeZone, rules }: Pick<ClockOptions, 'calendar' | 'timeZone' | 'rules'>
): MarketCommand => {
  switch (action) {
    case 'open': {
      const { label: _, ...times } = plan
      return { type: 'OpenSession', pom, sessionId, timeZone, calendar, rules, ...times }
    }
    case 'close':
      return { type: 'CloseSession', pom, sessionId }
    case 'end-validation':
      return { type: 'EndValidation', pom, sessionId }
  }
}
