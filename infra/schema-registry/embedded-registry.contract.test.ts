import { embeddedRegistry } from './embedded-registry.ts'
import { testRegistryContract } from './registry.contract.ts'

testRegistryContract('embedded', { open: embeddedRegistry, takesMore: false, dispose: async () => {} })
