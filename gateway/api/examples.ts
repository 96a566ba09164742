/** The examples of the OpenAPI document; a test sends each of them. They tell one story around one primary substation. */

const flat = (p: number) => Array.from({ length: 96 }, () => ({ p, q: 0 }))

export const podDocument = {
  aggregatorId: 'ACEAE',
  zone: 'CSUD',
  flexibilityType: 'continuous',
  voltageLevel: 'LV',
  contractualPower: 6_000,
  pnp: 6_000,
  inp: 0,
  inq: 0,
  cnq: 0,
  cnp: 6_000,
  cosPhi: '0.9R',
  maxFlexibility: { upperP: 3_000, downP: -2_000, upperQ: 0, downQ: 0 },
  powerBaselineCurves: { workday: flat(1_200), saturday: [], holiday: [] },
  services: ['congestion', 'voltage']
}

export const newPod = { pod: 'IT002E1234567A', ...podDocument }

export const pomAssignment = {
  pod: 'IT002E1234567A',
  place: { dsoId: 'ARETI', pom: 'POM-ROMA-NORD', feeder: 'FEEDER-7', secondarySubstation: null }
}

export const agreementLink = { smartContractId: '60b8d295f1a2c3d4e5f60718' }

export const singleOffer = {
  type: 'single',
  offerId: 'OFFER-1',
  unit: { id: 'IT002E1234567A', pods: ['IT002E1234567A'] },
  quantity: 'P',
  direction: 'UP',
  service: 'congestion',
  intervals: [
    {
      start: '2025-03-29T18:00:00+01:00',
      end: '2025-03-29T20:00:00+01:00',
      steps: [
        { quantity: 1_000, price: 120_000 },
        { quantity: 1_000, price: 180_000 }
      ],
      minAcceptance: 0
    }
  ]
}

export const blockOffer = {
  type: 'block',
  offerId: 'OFFER-2',
  unit: { id: 'IT002E1234567A', pods: ['IT002E1234567A'] },
  quantity: 'P',
  direction: 'DOWN',
  service: 'any',
  power: 2_000,
  mtus: 4,
  maxEnergyWattMtus: 8_000,
  earliestStart: '2025-03-29T10:00:00+01:00',
  latestEnd: '2025-03-29T16:00:00+01:00',
  price: 90_000,
  minAcceptance: 500
}

export const flexRequest = {
  requestId: 'REQUEST-1',
  level: 'feeder',
  location: 'FEEDER-7',
  pods: ['IT002E1234567A'],
  quantity: 'P',
  direction: 'UP',
  service: 'congestion',
  profile: [{ start: '2025-03-29T18:00:00+01:00', end: '2025-03-29T19:00:00+01:00', quantity: 1_500 }],
  priceLimit: null
}

export const unavailability = {
  pom: 'POM-ROMA-NORD',
  pod: 'IT002E1234567A',
  start: '2025-03-29T18:00:00+01:00',
  end: '2025-03-29T19:00:00+01:00',
  reason: 'Maintenance of the inverter.'
}

export const technicalOutcome = {
  marketOutcomeId: '2025-03-29.DA.POM-ROMA-NORD.MO',
  verdicts: [
    {
      offerId: 'OFFER-1',
      intervals: [
        {
          start: '2025-03-29T18:00:00+01:00',
          end: '2025-03-29T19:00:00+01:00',
          verdict: 'PARTIAL',
          quantity: 800
        }
      ]
    }
  ],
  unmentioned: 'OK',
  complete: true
}
