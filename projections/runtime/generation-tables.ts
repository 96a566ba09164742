/**
 * A read model is written and read under plain table names (`offers`). What is stored is a generation (`offers_g3`): the
 * writer of generation 3 sees its tables through this plugin, the readers see the live ones through views. So neither
 * knows of generations.
 */
import { type KyselyPlugin, OperationNodeTransformer, type QueryId, type SchemableIdentifierNode } from 'kysely'

export const physicalName = (table: string, generation: number): string => `${table}_g${generation}`

export const generationPlugin = (tables: readonly string[], generation: number): KyselyPlugin => {
  const renamer = new TableRenamer(new Map(tables.map(table => [table, physicalName(table, generation)])))
  return {
    transformQuery: ({ node, queryId }) => renamer.transformNode(node, queryId),
    transformResult: async ({ result }) => result
  }
}

/** Tables, and the tables in `table.column`; an alias keeps its name as long as no table has it. */
class TableRenamer extends OperationNodeTransformer {
  readonly #names: ReadonlyMap<string, string>

  constructor(names: ReadonlyMap<string, string>) {
    super()
    this.#names = names
  }

  protected override transformSchemableIdentifier(
    node: SchemableIdentifierNode,
    queryId?: QueryId
  ): SchemableIdentifierNode {
    const transformed = super.transformSchemableIdentifier(node, queryId)
    const name = this.#names.get(transformed.identifier.name)
    return name === undefined ? transformed : { ...transformed, identifier: { ...transformed.identifier, name } }
  }
}
