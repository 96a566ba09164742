/**
 * The JSON of the API: what callers send and get. One schema is the check of the request, the TypeScript type of the handler
 * and the component of the OpenAPI document.
 *
 * Conventions: intervals are half-open [start, end); times are RFC 3339 with offset, on quarter-hours where the market counts
 * in them; power is whole W (var), energy W·MTU (¼ Wh), prices whole µ€ per kWh (kvarh); unknown fields are refused. The
 * bounds here only keep nonsense out of the log; the bounds of the market are its own and are answered as refusals.
 */
import Type, { type Static, type TSchema } from 'typebox'

const named: { readonly $id: string }[] = []

/** All components, for the validator and the OpenAPI document. */
export const components: readonly { readonly $id: string }[] = named

/** A component: defined once, named everywhere else. */
export const component = <S extends TSchema>(name: string, schema: S) => {
  named.push({ ...schema, $id: name })
  return Type.Unsafe<Static<S>>({ $ref: `${name}#` })
}

const closed = { additionalProperties: false } as const

export const Id = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,40}$',
  description: 'Letters, digits, _ and -; at most 40.'
})
const ServiceId = Type.String({
  pattern: '^[A-Za-z0-9_.:-]{1,80}$',
  description: 'Letters, digits, _ . : -; at most 80.'
})
export const PodCode = Type.String({ pattern: '^[A-Za-z0-9_-]{1,40}$', description: 'PoD code, Italian or free-form.' })
const QuarterHour = Type.String({ format: 'quarter-hour', description: 'RFC 3339 with offset, on a quarter-hour.' })
const Instant = Type.String({ format: 'date-time', description: 'RFC 3339 with offset.' })
/** Wide enough for every value that the market could refuse by name, narrow enough for exact arithmetic. */
const Whole = (description: string) => Type.Integer({ minimum: -1e12, maximum: 1e12, description })

export const sessionIdPattern = '^20\\d{2}-\\d{2}-\\d{2}\\.[A-Z]{2,3}\\d{0,2}\\.[A-Za-z0-9_-]{1,40}$'
const SessionId = Type.String({
  pattern: sessionIdPattern,
  description: 'Session id: <delivery date>.<DA or RTn>.<PoM>.',
  examples: ['2025-03-29.DA.POM-ROMA-NORD']
})

export const Direction = Type.Enum(['UP', 'DOWN'], { description: 'UP: more injection or less withdrawal (T-26).' })
export const Quantity = Type.Enum(['P', 'Q'])
const Service = Type.Enum(['congestion', 'voltage'])
const OfferService = Type.Enum(['congestion', 'voltage', 'any'])

/* ---------- flow 0: points of delivery ---------- */

const BaselineSlot = Type.Object({ p: Whole('W, withdrawal is positive.'), q: Whole('var.') }, closed)
const Baseline = Type.Array(BaselineSlot, { maxItems: 96, description: '96 quarter-hours, or none.' })

export const documentFields = {
  aggregatorId: Id,
  zone: Id,
  flexibilityType: Type.Enum(['continuous', 'discrete']),
  voltageLevel: Type.Enum(['LV', 'MV']),
  contractualPower: Whole('W.'),
  pnp: Whole('Nominal active power, W.'),
  inp: Whole('Installed injection power, W.'),
  inq: Whole('Installed reactive power of injection, var.'),
  cnq: Whole('Contractual reactive power, var.'),
  cnp: Type.Optional(Type.Union([Whole('Contractual withdrawal power, W.'), Type.Null()])),
  cosPhi: Type.String({ maxLength: 8, description: 'Power factor with suffix R or A, such as 0.9R.' }),
  maxFlexibility: Type.Object(
    { upperP: Whole('W, ≥ 0.'), downP: Whole('W, ≤ 0.'), upperQ: Whole('var, ≥ 0.'), downQ: Whole('var, ≤ 0.') },
    closed
  ),
  services: Type.Array(Service, { maxItems: 2, description: 'What it is declared able to perform.' })
}

export const BaselineCurves = Type.Object({ workday: Baseline, saturday: Baseline, holiday: Baseline }, closed)
const recordFields = { ...documentFields, powerBaselineCurves: BaselineCurves }

export const PodDocument = component('PodDocument', Type.Object(recordFields, closed))
export const NewPod = component('NewPod', Type.Object({ pod: PodCode, ...recordFields }, closed))
export const AgreementLink = component(
  'AgreementLink',
  Type.Object({ smartContractId: Type.String({ maxLength: 64, description: '24 hexadecimal digits.' }) }, closed)
)

/* ---------- flow 0A ---------- */

const optionalId = Type.Optional(Type.Union([Id, Type.Null()]))
const Place = Type.Object({ dsoId: Id, pom: Id, feeder: optionalId, secondarySubstation: optionalId }, closed)
export const PomAssignment = component(
  'PomAssignment',
  Type.Object({ pod: PodCode, place: Place, from: Type.Optional(Instant) }, closed)
)

/* ---------- flow 2a: offers ---------- */

const Unit = Type.Object(
  {
    id: Id,
    pods: Type.Array(PodCode, {
      maxItems: 5_000,
      description: 'The PoD itself, or the members of an aggregate (T-18).'
    })
  },
  closed
)
const PriceStep = Type.Object({ quantity: Whole('W or var.'), price: Whole('µ€ per kWh or kvarh.') }, closed)
const OfferInterval = Type.Object(
  {
    start: QuarterHour,
    end: QuarterHour,
    steps: Type.Array(PriceStep, { maxItems: 20 }),
    minAcceptance: Whole('Accepted is 0 or at least this; 0 = divisible.')
  },
  closed
)
const offerFields = { offerId: ServiceId, unit: Unit, quantity: Quantity, direction: Direction, service: OfferService }

export const SingleOffer = component(
  'SingleOffer',
  Type.Object(
    { type: Type.Literal('single'), ...offerFields, intervals: Type.Array(OfferInterval, { maxItems: 100 }) },
    closed
  )
)
export const BlockOffer = component(
  'BlockOffer',
  Type.Object(
    {
      type: Type.Literal('block'),
      ...offerFields,
      power: Whole('W or var, the most that can be accepted.'),
      mtus: Type.Integer({ minimum: -100_000, maximum: 100_000, description: 'Quarter-hours it runs once started.' }),
      maxEnergyWattMtus: Whole('Accepted power × quarter-hours never exceeds it, W·MTU (¼ Wh).'),
      earliestStart: QuarterHour,
      latestEnd: QuarterHour,
      price: Whole('µ€ per kWh or kvarh.'),
      minAcceptance: Whole('Accepted power is 0 or at least this.')
    },
    closed
  )
)
export const Offer = component(
  'Offer',
  Type.Unsafe<Static<typeof SingleOffer> | Static<typeof BlockOffer>>({
    type: 'object',
    required: ['type'],
    discriminator: { propertyName: 'type' },
    oneOf: [SingleOffer, BlockOffer]
  })
)

/* ---------- flows 2b, 2c: requests ---------- */

const ProfileInterval = Type.Object({ start: QuarterHour, end: QuarterHour, quantity: Whole('W or var.') }, closed)
export const FlexRequest = component(
  'FlexRequest',
  Type.Object(
    {
      requestId: ServiceId,
      level: Type.Enum(['primarySubstation', 'feeder', 'secondarySubstation']),
      location: Id,
      pods: Type.Array(PodCode, { maxItems: 12_000, description: 'The PoDs that can help; empty for a TSO.' }),
      quantity: Quantity,
      direction: Direction,
      service: Service,
      profile: Type.Array(ProfileInterval, { maxItems: 100 }),
      priceLimit: Type.Optional(Type.Union([Whole('Dearer offers are not accepted (T-11).'), Type.Null()]))
    },
    closed
  )
)

/* ---------- unavailability, flow 4 ---------- */

export const Unavailability = component(
  'Unavailability',
  Type.Object(
    { pom: Id, pod: PodCode, start: QuarterHour, end: QuarterHour, reason: Type.String({ maxLength: 200 }) },
    closed
  )
)

const VerdictInterval = Type.Object(
  {
    start: QuarterHour,
    end: QuarterHour,
    verdict: Type.Enum(['OK', 'PARTIAL', 'KO']),
    quantity: Type.Optional(Whole('W or var that may stay; of a PARTIAL verdict.'))
  },
  closed
)
export const TechnicalOutcome = component(
  'TechnicalOutcome',
  Type.Object(
    {
      marketOutcomeId: ServiceId,
      verdicts: Type.Array(
        Type.Object({ offerId: ServiceId, intervals: Type.Array(VerdictInterval, { maxItems: 100 }) }, closed),
        { maxItems: 5_000 }
      ),
      unmentioned: Type.Enum(['OK', 'KO'], { description: 'The verdict on what was not judged.' }),
      complete: Type.Boolean({ description: 'True with the last call: the session is finalised.' })
    },
    closed
  )
)

/* ---------- what is common to operations ---------- */

export const PodParams = Type.Object({ pod: Type.String({ ...PodCode, examples: ['IT002E1234567A'] }) })
export const SessionParams = Type.Object({ sessionId: SessionId })
export const OfferParams = Type.Object({
  sessionId: SessionId,
  offerId: Type.String({ ...ServiceId, examples: ['OFFER-1'] })
})
export const RequestParams = Type.Object({
  sessionId: SessionId,
  requestId: Type.String({ ...ServiceId, examples: ['REQUEST-1'] })
})
export const CommandParams = Type.Object({
  commandId: Type.String({ pattern: '^[0-9a-f]{32}$', examples: ['0123456789abcdef0123456789abcdef'] })
})

export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100, description: 'Items in one page.' })),
  cursor: Type.Optional(Type.String({ maxLength: 512, description: '`next` of the page before.' }))
}

export const WriteHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{1,128}$',
      description: 'Repeat a call with the same key and content, and it takes effect once. Without it one is made up.'
    })
  )
})

const Position = Type.Object({ topic: Type.String(), partition: Type.Integer(), cause: Type.Integer() })

const ProblemItem = Type.Object({ code: Type.String(), path: Type.String(), detail: Type.String() })
const problemFields = {
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String(),
  detail: Type.String(),
  instance: Type.Optional(Type.String()),
  errors: Type.Optional(Type.Array(ProblemItem)),
  errorsTotal: Type.Optional(Type.Integer()),
  traceId: Type.Optional(Type.String())
}
export const ItemProblem = component('ItemProblem', Type.Object(problemFields, closed))

const Written = {
  id: Type.String({ description: 'The business id: PoD, offer, request.' }),
  command: Type.String({ description: 'Id of the command, see /v1/commands.' }),
  position: Type.Optional(Position),
  playerServiceId: Type.Optional(Type.String())
}
export const Accepted = component(
  'Accepted',
  Type.Object({ ...Written, status: Type.Enum(['accepted', 'pending']) }, closed)
)
const BulkItem = component(
  'BulkItem',
  Type.Object(
    {
      index: Type.Integer(),
      ...Written,
      status: Type.Enum(['accepted', 'refused', 'pending', 'not-sent']),
      problem: Type.Optional(ItemProblem)
    },
    closed
  )
)
export const BulkAnswer = component('BulkAnswer', Type.Object({ items: Type.Array(BulkItem) }, closed))
export const ProblemAnswer = component(
  'Problem',
  Type.Object({ ...problemFields, items: Type.Optional(Type.Array(BulkItem)) }, closed)
)
