/**
 * Every bound of the gateway, each with its unit and reason. All can be changed by configuration; none can be switched off.
 */
export interface GatewayLimits {
  /** A registry of 1,000 PoDs with full baseline curves, or 5,000 without, in one call. */
  readonly bodyBytesMax: number
  /** How long a call waits for the decision before it answers 202. Longer than a clearing of one substation takes. */
  readonly decisionMs: number
  /** Commands that wait for their decision at once, over all calls: some 1 kB each. */
  readonly waitingMax: number
  /** Calls of one actor in a minute; a bulk call counts once. */
  readonly callsPerMinute: number
  /** Calls of one network address in a minute, counted before the token is looked at: bounds guessing. */
  readonly callsPerMinuteOfAddress: number
  /** Token requests of one network address in a minute: one client needs one in ten; bounds guessing of secrets. */
  readonly tokensPerMinuteOfAddress: number
  /** A record of the log stays below 256 kB (design: brokers refuse 1 MB); the rest is for the envelope. */
  readonly recordBytesMax: number
  /** Bytes in one append: a broker takes 1 MB. */
  readonly appendBytesMax: number
  /** Records in one append: as many as a reader takes at once. */
  readonly appendRecordsMax: number
  /** Answers kept to repeat them without asking the tables, over all actors: a retry comes within minutes. */
  readonly answersKept: number
  /** Open streams of one actor: a few machines and a developer. */
  readonly streamsPerActor: number
  /** Open streams in all; each holds one reader per partition. */
  readonly streamsMax: number
  /** Comment lines that keep proxies from closing an idle stream (they commonly do after 60 s). */
  readonly heartbeatMs: number
  /** A client that does not take what is written for so long is cut off; it resumes by Last-Event-ID. */
  readonly streamStallMs: number
  /** Header and body of a call must have arrived by then. */
  readonly requestMs: number
  /** Ready means: no reader is further behind than this. */
  readonly readyWithinMs: number
  /** Event loop delay above which calls are turned away with 503; 0 never does (a process that also clears markets). */
  readonly eventLoopDelayMsMax: number
}

export const limitsDefault: GatewayLimits = {
  bodyBytesMax: 8 * 1024 * 1024,
  decisionMs: 10_000,
  waitingMax: 50_000,
  callsPerMinute: 1_200,
  callsPerMinuteOfAddress: 6_000,
  tokensPerMinuteOfAddress: 120,
  recordBytesMax: 240 * 1024,
  appendBytesMax: 900 * 1024,
  appendRecordsMax: 1_000,
  answersKept: 20_000,
  streamsPerActor: 5,
  streamsMax: 500,
  heartbeatMs: 15_000,
  streamStallMs: 30_000,
  requestMs: 30_000,
  readyWithinMs: 10_000,
  eventLoopDelayMsMax: 0
}
