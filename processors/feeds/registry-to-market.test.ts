import t from 'tap'
import { examples } from '../../schemas/examples.ts'
import { registryToMarket } from './registry-to-market.ts'

const { PodRegistered, PodUpdated, AgreementLinked, PomAssigned, PodCeased } = examples

t.test('FL-0B, FR_SCD_CA_4, TSO-02: a PoD with a place is told to the market of that place with its band', async t => {
  const { record, place, pod, smartContractId } = PomAssigned
  for (const event of [PodUpdated, AgreementLinked, { ...PomAssigned, previousPom: null }])
    t.match(registryToMarket(event), [
      {
        key: event.place?.pom,
        command: {
          type: 'NotePod',
          pom: event.place?.pom,
          pod: event.pod,
          dsoId: event.place?.dsoId,
          aggregatorId: event.record.aggregatorId,
          maxFlexibility: event.record.maxFlexibility,
          services: event.record.services
        }
      }
    ])
  t.match(registryToMarket({ ...PomAssigned, previousPom: null }), [
    { command: { pod, smartContractId, feeder: place?.feeder, secondarySubstation: place?.secondarySubstation } }
  ])
  t.equal(record.maxFlexibility.upperP > 0, true, 'the example has a band')
})

t.test(
  'FL-0B, T-51: a PoD that moved or ended is forgotten where it was, and one without a place is told to nobody',
  async t => {
    t.strictSame(
      registryToMarket({ ...PomAssigned, previousPom: 'OLD' }).map(({ key, command }) => [key, command.type]),
      [
        ['OLD', 'ForgetPod'],
        [PomAssigned.place?.pom, 'NotePod']
      ]
    )
    t.strictSame(registryToMarket({ ...PodRegistered, place: null }), [])
    t.strictSame(registryToMarket({ ...PomAssigned, place: null }), [])
    t.strictSame(registryToMarket({ ...PodCeased, place: null }), [])
    t.match(registryToMarket({ ...PodCeased, place: PomAssigned.place }), [
      { key: PomAssigned.place?.pom, command: { type: 'ForgetPod', pod: PodCeased.pod } }
    ])
    t.strictSame(registryToMarket(examples.RegistryCommandRefused), [])
  }
)
