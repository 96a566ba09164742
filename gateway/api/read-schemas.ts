/** What reading gives. A test checks every answer against these, so what is described is what is sent. */
import Type, { type TSchema } from 'typebox'
import { BaselineCurves, component, documentFields } from './schemas.ts'

const closed = { additionalProperties: false } as const
const Text = Type.String()
const Whole = Type.Integer()
const Instant = Type.String({ format: 'date-time' })
export const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])
const Unit = Type.Object({ id: Text, pods: Type.Array(Text) }, closed)
const Profile = Type.Array(Type.Object({ start: Instant, end: Instant, quantity: Whole }, closed))
const Direction = Type.Enum(['UP', 'DOWN'])
const Quantity = Type.Enum(['P', 'Q'])

export const listOf = <S extends TSchema>(item: S) =>
  Type.Object(
    { items: Type.Array(item), next: Type.Optional(Type.String({ description: 'Cursor of the next page.' })) },
    closed
  )

/* ---------- points of delivery ---------- */

const podFields = {
  pod: Text,
  status: Type.Enum(['registered', 'ceased']),
  aggregatorId: Text,
  dsoId: nullable(Text),
  pom: nullable(Text),
  feeder: nullable(Text),
  secondarySubstation: nullable(Text),
  registeredAt: Instant,
  record: Type.Object({ ...documentFields, cnp: nullable(Whole) }, closed),
  smartContractId: nullable(Type.String({ description: 'Not shown to the TSO.' }))
}
export const PodSummaryView = component('PodSummary', Type.Object(podFields, closed))
export const PodView = component(
  'Pod',
  Type.Object({ ...podFields, powerBaselineCurves: nullable(BaselineCurves) }, closed)
)
export const PlaceView = component(
  'PlaceOfPod',
  Type.Object(
    { from: Instant, dsoId: Text, pom: Text, feeder: nullable(Text), secondarySubstation: nullable(Text) },
    closed
  )
)

export const UnavailabilityView = component(
  'DeclaredUnavailability',
  Type.Object(
    {
      pod: Text,
      pom: Text,
      aggregatorId: Text,
      start: Instant,
      end: Instant,
      reason: Type.String(),
      declaredAt: Instant
    },
    closed
  )
)

/* ---------- sessions ---------- */

const Totals = Type.Object(
  {
    askedWattMtus: Whole,
    servedWattMtus: Whole,
    bidCostTicks: Type.String({ description: 'Ticks of 1/4000 µ€; may exceed what a JSON number can hold.' }),
    paidMicroEur: Whole
  },
  closed
)
const counts = {
  offers: Whole,
  acceptedOffers: Whole,
  requests: Whole,
  dso: Totals,
  tso: Totals,
  netSumWattMtus: Whole,
  digest: Text
}
const Rules = Type.Object(
  {
    pricing: Type.Enum(['uniform', 'payAsBid']),
    exclusivePerPod: Type.Boolean(),
    minimumBid: Whole,
    nodeLimit: Whole,
    gapAccepted: Type.Number(),
    priceLimitMax: Whole,
    objectives: Type.Array(Text),
    objectiveWeights: Type.Array(Type.Number()),
    seed: Whole
  },
  closed
)
export const SessionView = component(
  'Session',
  Type.Object(
    {
      sessionId: Text,
      pom: Text,
      deliveryDate: Text,
      timeZone: Text,
      calendar: Text,
      type: Type.Enum(['dayAhead', 'realTime']),
      number: Whole,
      start: Instant,
      end: Instant,
      definitiveStart: Instant,
      definitiveEnd: Instant,
      opensAt: Instant,
      closesAt: Instant,
      validationEndsAt: Instant,
      rules: Rules,
      podCount: Whole,
      podDigest: Text,
      status: Type.Enum(['open', 'cleared', 'validated', 'notValidated']),
      marketOutcomeId: nullable(Text),
      cleared: nullable(
        Type.Object(
          { algorithm: Text, version: Text, seed: Whole, gap: Type.Number(), nodes: Whole, ...counts },
          closed
        )
      ),
      clearedAt: nullable(Instant),
      finalised: nullable(Type.Object(counts, closed)),
      finalisedAt: nullable(Instant)
    },
    closed
  )
)

/* ---------- offers and requests ---------- */

const CurveView = Type.Object(
  {
    start: Instant,
    end: Instant,
    steps: Type.Array(Type.Object({ quantity: Whole, price: Whole }, closed)),
    minAcceptance: Whole
  },
  closed
)
const BlockTermsView = Type.Object(
  {
    power: Whole,
    mtus: Whole,
    maxEnergyWattMtus: Whole,
    earliestStart: Instant,
    latestEnd: Instant,
    price: Whole,
    minAcceptance: Whole
  },
  closed
)
export const OfferView = component(
  'OfferInBook',
  Type.Object(
    {
      sessionId: Text,
      offerId: Text,
      pom: Text,
      aggregatorId: Text,
      unit: Unit,
      type: Type.Enum(['single', 'block']),
      quantity: Quantity,
      direction: Direction,
      service: Type.Enum(['congestion', 'voltage', 'any']),
      start: Instant,
      end: Instant,
      offeredWattMtus: Whole,
      priceMin: Whole,
      priceMax: Whole,
      playerServiceId: Text,
      placedAt: Instant,
      status: Type.Enum(['placed', 'withdrawn']),
      intervals: Type.Array(CurveView),
      block: nullable(BlockTermsView)
    },
    closed
  )
)
export const RequestView = component(
  'RequestInBook',
  Type.Object(
    {
      sessionId: Text,
      requestId: Text,
      pom: Text,
      operator: Text,
      side: Type.Enum(['DSO', 'TSO']),
      level: Type.Enum(['primarySubstation', 'feeder', 'secondarySubstation']),
      location: Text,
      pods: Type.Array(Text),
      quantity: Quantity,
      direction: Direction,
      service: Type.Enum(['congestion', 'voltage']),
      profile: Profile,
      askedWattMtus: Whole,
      priceLimit: nullable(Whole),
      playerServiceId: Text,
      placedAt: Instant,
      status: Type.Enum(['placed', 'withdrawn'])
    },
    closed
  )
)

/* ---------- outcomes ---------- */

const serviceFields = {
  sessionId: Text,
  marketOutcomeId: Text,
  offerId: Text,
  pom: Text,
  aggregatorId: Text,
  unit: Unit,
  quantity: Quantity,
  direction: Direction,
  carriedFrom: nullable(Text),
  rank: Type.Integer({ description: '1 = keep longest; 0 if nothing was accepted (T-21).' }),
  allocations: Type.Array(
    Type.Object(
      {
        requestId: Text,
        side: Type.Enum(['DSO', 'TSO']),
        start: Instant,
        end: Instant,
        quantity: Whole,
        price: Whole
      },
      closed
    )
  ),
  acceptedWattMtus: Whole,
  paidMicroEur: Whole
}
const VerdictsView = Type.Array(
  Type.Object({ start: Instant, end: Instant, verdict: Type.Enum(['OK', 'PARTIAL', 'KO']), quantity: Whole }, closed)
)
export const MarketOutcomeView = component(
  'MarketOutcomeItem',
  Type.Object({ ...serviceFields, reason: nullable(Text), verdicts: nullable(VerdictsView) }, closed)
)
export const ValidatedOutcomeView = component(
  'ValidatedOutcomeItem',
  Type.Object({ ...serviceFields, definitive: Type.Boolean(), curtailedWattMtus: Whole }, closed)
)
export const RequestOutcomeView = component(
  'RequestOutcomeItem',
  Type.Object(
    {
      sessionId: Text,
      stage: Type.Enum(['market', 'validated']),
      marketOutcomeId: Text,
      requestId: Text,
      pom: Text,
      side: Type.Enum(['DSO', 'TSO']),
      operator: Text,
      quantity: Quantity,
      direction: Direction,
      service: Type.Enum(['congestion', 'voltage']),
      carriedFrom: nullable(Text),
      served: Profile,
      residual: Profile,
      prices: Type.Array(Type.Object({ start: Instant, end: Instant, price: Whole }, closed)),
      servedWattMtus: Whole,
      residualWattMtus: Whole,
      paidMicroEur: Whole
    },
    closed
  )
)

/* ---------- commands ---------- */

const Reason = Type.Object({ code: Text, path: Text, detail: Text }, closed)
export const CommandView = component(
  'CommandStatus',
  Type.Object(
    {
      id: Text,
      status: Type.Enum(['decided', 'refused']),
      topic: Text,
      partition: Whole,
      cause: Whole,
      decidedAt: Instant,
      events: Type.Array(Type.Object({ type: Text, subject: Text }, closed)),
      eventCount: Whole,
      reasons: Type.Array(Reason),
      repeats: Whole,
      conflicts: Whole
    },
    closed
  )
)
