/** Which adapter a registry URL names: none is the embedded one. */
import { confluentRegistry } from './confluent-registry.ts'
import { embeddedRegistry } from './embedded-registry.ts'
import type { SchemaRegistry } from './schema-registry.ts'

export const openRegistry = (url: string | undefined): SchemaRegistry =>
  url === undefined ? embeddedRegistry() : confluentRegistry({ url })
