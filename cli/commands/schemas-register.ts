/** `flexledger schemas register`: puts every schema into the registry, at deploy time, before anybody writes. */
import { openRegistry } from '../../infra/schema-registry/open-registry.ts'
import { ownVersions } from '../../infra/schema-registry/versions.ts'
import { configOf } from '../app/offline.ts'
import { printJson, printText, table, UsageError } from '../output.ts'

export const schemasRegister = async (flags: { readonly json?: boolean }): Promise<void> => {
  const { registryUrl } = configOf({})
  if (registryUrl === undefined) throw new UsageError('name the registry by FLEX_REGISTRY_URL')
  const registry = openRegistry(registryUrl)
  const schemas = await registry.register(ownVersions())
  if (flags.json) printJson({ registry: registry.name, schemas })
  else
    printText(
      table(
        ['id', 'subject', 'version', 'status'],
        schemas.map(({ id, subject, version, status }) => [id, subject, version, status])
      )
    )
}
