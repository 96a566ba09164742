import t from 'tap'
import { postgresServer } from './postgres.fixtures.ts'
import { postgresDatabase } from './postgres-database.ts'
import { sqlContract } from './sql.contract.ts'

const server = await postgresServer(t)

/** Text has an order of its own there: `a` before `B`, and punctuation last. */
const italian = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'it'"

sqlContract(
  'postgresql',
  async () => {
    let last = ''
    return {
      async fresh<Tables>() {
        last = await server.fresh(italian)
        return postgresDatabase<Tables>({ url: last })
      },
      again: <Tables>() => postgresDatabase<Tables>({ url: last }),
      dispose: async () => {}
    }
  },
  { skip: server.skip }
)
