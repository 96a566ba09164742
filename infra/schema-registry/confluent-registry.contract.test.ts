import { confluentRegistry } from './confluent-registry.ts'
import { testRegistryContract } from './registry.contract.ts'
import { registryDouble } from './registry-double.fixtures.ts'

const confluent = await registryDouble({ hasModes: true })

testRegistryContract('Confluent’s interface with mode IMPORT (a double)', {
  open: () => confluentRegistry({ url: confluent.url }),
  takesMore: true,
  dispose: () => confluent.stop()
})
