/** What the built-in grid operator says, as JSON: the shapes of the answers, and the read models in them. */
import Type, { type Static } from 'typebox'
import type {
  Alarm,
  GridAssessment,
  NetworkVersion,
  Proposal,
  SeriesForecast,
  TechnicalValidation
} from '../../projections/grid-state/query.ts'
import { MTU_MS } from '../validation.ts'
import { nullable } from './read-schemas.ts'
import { component } from './schemas.ts'

const closed = { additionalProperties: false } as const
const Text = Type.String()
const Whole = Type.Integer()
const Instant = Type.String({ format: 'date-time' })
const stage = Type.Enum(['forecast', 'validated'], {
  description: 'forecast: without services of this session; validated: with its final outcome.'
})

export const NetworkView = component(
  'NetworkVersion',
  Type.Object(
    {
      pom: Text,
      version: Whole,
      dsoId: Text,
      name: Text,
      source: nullable(Text),
      digest: Text,
      changed: Type.Enum(['imported', 'switched', 'switchedForNow']),
      activatedAt: Instant,
      counts: Type.Object(
        {
          buses: Whole,
          lines: Whole,
          transformers: Whole,
          switches: Whole,
          loads: Whole,
          generators: Whole,
          storages: Whole,
          pods: Whole
        },
        closed
      ),
      remarks: Type.Array(Type.Object({ code: Text, path: Text, detail: Text }, closed), {
        description: 'What the calculation leaves out; the first 100.'
      }),
      remarkCount: Whole,
      switched: Type.Array(Type.Object({ id: Text, closed: Type.Boolean() }, closed), {
        description: 'Switches that stand otherwise than they were imported.'
      })
    },
    closed
  )
)

export const networkView = ({ position: _, ...rest }: NetworkVersion): Static<typeof NetworkView> => ({
  ...rest,
  activatedAt: time(rest.activatedAt),
  remarks: [...rest.remarks],
  switched: [...rest.switched]
})

const SlotView = Type.Object(
  {
    start: Instant,
    status: Type.Enum(['converged', 'noConvergence', 'unstableSolution']),
    minVoltagePu: nullable(Type.Number()),
    minVoltageBus: nullable(Text),
    maxVoltagePu: nullable(Type.Number()),
    maxVoltageBus: nullable(Text),
    maxLoadingPercent: nullable(Type.Number()),
    maxLoadingElement: nullable(Text),
    lossesWatt: nullable(Whole),
    fromGridWatt: nullable(Whole),
    fromGridVar: nullable(Whole),
    violations: Whole
  },
  closed
)
export const GridStateView = component(
  'GridState',
  Type.Object(
    {
      sessionId: Text,
      pom: Text,
      stage,
      networkVersion: Whole,
      basis: Type.Object(
        { registered: Whole, learned: Whole, weather: Whole, profiled: Whole, constant: Whole, withoutBus: Whole },
        { ...closed, description: 'Where the powers come from, by number of elements.' }
      ),
      slots: Type.Array(SlotView),
      violatedSlots: Whole,
      divergedSlots: Whole,
      worst: Type.Integer({ description: 'Most violations in one quarter-hour.' }),
      alarms: Whole,
      requests: Whole,
      unresolved: Type.Integer({ description: 'Limits that cannot be kept, over all quarter-hours.' }),
      digest: Text,
      assessedAt: Instant
    },
    closed
  )
)

export const gridStateView = ({ position: _, slots, ...rest }: GridAssessment): Static<typeof GridStateView> => ({
  ...rest,
  assessedAt: time(rest.assessedAt),
  slots: slots.map(slot => ({ ...slot, start: time(slot.start) }))
})

export const TechnicalValidationView = component(
  'TechnicalValidation',
  Type.Object(
    {
      sessionId: Text,
      pom: Text,
      services: Whole,
      curtailed: Whole,
      curtailedWattMtus: Whole,
      residualViolations: Whole,
      divergedSlots: Whole,
      digest: Text,
      judgedAt: Instant,
      againstVerdicts: nullable(
        Type.Integer({ description: 'Services that became final above what was judged acceptable; null before.' })
      )
    },
    closed
  )
)

export const validationView = ({
  position: _,
  judgedAt,
  ...rest
}: TechnicalValidation): Static<typeof TechnicalValidationView> => ({ ...rest, judgedAt: time(judgedAt) })

export const AlarmView = component(
  'Alarm',
  Type.Object(
    {
      alarmId: Text,
      sessionId: Text,
      pom: Text,
      stage,
      kind: Type.Enum(['underVoltage', 'overVoltage', 'lineOverload', 'transformerOverload', 'noSolution']),
      element: Text,
      feeder: nullable(Text),
      secondarySubstation: nullable(Text),
      limit: Type.Number({ description: 'pu of a voltage, A of a current.' }),
      worst: Type.Number(),
      values: Type.Array(Type.Object({ start: Instant, end: Instant, value: Type.Number() }, closed)),
      helpful: Type.Array(
        Type.Object(
          {
            quantity: Type.Enum(['P', 'Q']),
            direction: Type.Enum(['UP', 'DOWN']),
            total: Type.Integer({ description: 'What they have in all, W or var.' }),
            effect: Type.Number({ description: 'What all of them would change, pu or A; negative is less.' }),
            pods: Type.Array(Text, { description: 'The most effective first; at most 50.' }),
            podCount: Whole
          },
          closed
        )
      ),
      raisedAt: Instant
    },
    closed
  )
)

export const alarmView = ({ position: _, values, helpful, ...rest }: Alarm): Static<typeof AlarmView> => ({
  ...rest,
  raisedAt: time(rest.raisedAt),
  values: values.map(({ start, mtus, value }) => ({ start: time(start), end: time(start + mtus * MTU_MS), value })),
  helpful: helpful.map(one => ({ ...one, pods: [...one.pods] }))
})

const Powers = Type.Array(Whole)
export const ForecastView = component(
  'SeriesForecast',
  Type.Object(
    {
      sessionId: Text,
      pom: Text,
      series: Type.String({ description: 'Element, or secondary substation.' }),
      kind: Type.Enum(['load', 'generator', 'storage', 'substation']),
      start: Instant,
      p: Powers,
      q: Powers,
      low: Type.Array(Whole, { description: 'P10 of p; empty if there is no band.' }),
      high: Type.Array(Whole, { description: 'P90 of p; empty if there is no band.' })
    },
    closed
  )
)

export const forecastView = ({ position: _, ...rest }: SeriesForecast): Static<typeof ForecastView> => ({
  ...rest,
  start: time(rest.start),
  p: [...rest.p],
  q: [...rest.q],
  low: [...rest.low],
  high: [...rest.high]
})

export const ProposalView = component(
  'ProposedRequest',
  Type.Object(
    {
      sessionId: Text,
      requestId: Text,
      pom: Text,
      level: Type.Enum(['primarySubstation', 'feeder', 'secondarySubstation']),
      location: Text,
      pods: Type.Array(Text),
      quantity: Type.Enum(['P', 'Q']),
      direction: Type.Enum(['UP', 'DOWN']),
      service: Type.Enum(['congestion', 'voltage']),
      profile: Type.Array(Type.Object({ start: Instant, end: Instant, quantity: Whole }, closed)),
      status: Type.Enum(['waiting', 'sent', 'dropped']),
      proposedAt: Instant
    },
    closed
  )
)

export const proposalView = ({ position: _, profile, pods, ...rest }: Proposal): Static<typeof ProposalView> => ({
  ...rest,
  pods: [...pods],
  proposedAt: time(rest.proposedAt),
  profile: profile.map(({ start, mtus, quantity }) => ({
    start: time(start),
    end: time(start + mtus * MTU_MS),
    quantity
  }))
})

const time = (ms: number): string => new Date(ms).toISOString()
