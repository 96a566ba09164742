import t from 'tap'
import { clearedAt, storyOf, tellUntilOpen } from './story.ts'
import { startSystem } from './system.ts'

t.test(
  'FL-0, FL-0A, FL-2a, FL-2c, FL-4, FR_SCD_CA_1, FR_SCD_CA_3, FR_MP_FS_1.a, P-MP-01: every operation has an example, and its rightful actor is answered a success for it',
  async t => {
    const system = await startSystem()
    t.teardown(() => system.close())
    const story = await storyOf(system)
    const { tell } = story

    await tellUntilOpen(system, story)
    for (const id of ['listPods', 'getPod', 'listPlacesOfPod', 'listSessions', 'getSession', 'listOffers', 'getOffer'])
      await tell('ACEAE', id)
    for (const id of ['listRequests', 'getRequest']) await tell('ARETI', id)
    for (const id of [
      'listNetworks',
      'getNetwork',
      'listNetworkVersions',
      'readGridState',
      'listAlarms',
      'listForecasts'
    ])
      await tell('ARETI', id)
    for (const id of ['listProposals', 'approveProposals', 'sendMeasurements']) await tell('ARETI', id)
    // The customer of the village helps for one of the two hours, so that real time still has something to ask for.
    const unit = { id: 'IT002E7654321B', pods: ['IT002E7654321B'] }
    const helped = await system.call('ACEAE', 'POST', '/v1/sessions/2025-03-29.DA.POM-ROMA-SUD/offers', {
      ...{ type: 'single', offerId: 'OFFER-SUD', unit, quantity: 'P', direction: 'UP', service: 'any' },
      intervals: [
        {
          start: '2025-03-29T18:00:00+01:00',
          end: '2025-03-29T19:00:00+01:00',
          steps: [{ quantity: 3_000, price: 90_000 }],
          minAcceptance: 0
        }
      ]
    })
    t.equal(helped.status, 201, helped.text)
    // Withdrawn, and placed again for what follows.
    for (const id of ['withdrawOffer', 'placeOffers']) await tell('ACEAE', id)
    for (const id of ['withdrawRequest', 'placeRequests']) await tell('ARETI', id)
    await system.until(clearedAt)
    await tell('ARETI', 'listMarketOutcome')
    await tell('ARETI', 'sendTechnicalOutcome')
    await system.settle()
    await tell('ARETI', 'getTechnicalValidation')
    await tell('ACEAE', 'listValidatedOutcome')
    await tell('ARETI', 'listRequestOutcomes')
    await tell('ACEAE', 'declareUnavailabilities')
    await system.settle()
    for (const id of ['listUnavailabilities', 'ceasePod']) await tell('ACEAE', id)

    await system.until('2025-03-29T11:40:00Z')
    await system.settle()
    for (const id of ['rejectProposals', 'switchNetwork']) await tell('ARETI', id)

    // The two whose address is not known before: a command's id, and a stream that does not end.
    const told = new Set([...story.told.map(({ id }) => id), 'getCommand', 'streamValidatedOutcomes'])
    t.strictSame([...told].sort(), story.operations.map(({ id }) => id).sort(), 'every operation is part of the story')
    for (const { id, answer } of story.told) {
      const isReplaced = id === 'placeOffers' && answer.status === 207
      t.ok(
        answer.status < 300,
        `${id} is answered ${answer.status}${isReplaced ? ' (the block offer still stood)' : ''}`
      )
    }

    const { items } = story.told.find(({ id }) => id === 'placeOffers')!.answer.json() as {
      items: readonly { command: string }[]
    }
    const command = await system.call('ACEAE', 'GET', `/v1/commands/${items[0]!.command}`)
    t.equal(command.status, 200)
    t.match(command.json(), { status: 'decided', events: [{ type: 'OfferPlaced' }], reasons: [] })
  }
)
