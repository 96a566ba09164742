/** What every SQL engine must do, run by its `*.contract.test.ts`. */
import { type Generated, sql } from 'kysely'
import t from 'tap'
import { type Database, insertChunks } from './database.ts'
import { lockUntilCommit } from './engine-adapter.ts'
import { type Migration, migrate } from './migrate.ts'

interface Offer {
  readonly id: string
  readonly pom: string
  readonly power_w: number
  readonly cost_micro_eur: number
  readonly is_accepted: number
  readonly body: string | null
  readonly digest: Uint8Array | null
}

interface Schema {
  offer: Offer
  numbered: { n: Generated<number>; text: string }
}

export interface SqlEngine {
  /** A connection to a new, empty database. */
  fresh<Tables>(): Promise<Database<Tables>>
  /** A second connection to the database of the last `fresh`. Absent where that cannot be, as in memory. */
  again?<Tables>(): Promise<Database<Tables>>
  dispose(): Promise<void>
}

const createOffers: Migration = {
  name: 'create-offers',
  up: async db => {
    await db.schema
      .createTable('offer')
      .addColumn('id', 'text', column => column.primaryKey())
      .addColumn('pom', 'text', column => column.notNull())
      .addColumn('power_w', 'bigint', column => column.notNull())
      .addColumn('cost_micro_eur', 'bigint', column => column.notNull())
      .addColumn('is_accepted', 'integer', column => column.notNull())
      .addColumn('body', 'text')
      .addColumn('digest', 'blob')
      .execute()
  }
}

const indexPoms: Migration = {
  name: 'index-poms',
  up: async db => {
    await db.schema.createIndex('offer_pom').on('offer').column('pom').execute()
  }
}

const broken: Migration = {
  name: 'broken',
  up: async db => {
    await db.schema.createTable('half').addColumn('id', 'text').execute()
    throw new Error('broken in the middle')
  }
}

const anOffer = (n: number, offer: Partial<Offer> = {}): Offer => ({
  id: `offer-${n}`,
  pom: `pom-${n % 3}`,
  power_w: n * 100,
  cost_micro_eur: n,
  is_accepted: 0,
  body: null,
  digest: null,
  ...offer
})

export const sqlContract = (
  name: string,
  startEngine: () => Promise<SqlEngine>,
  options: { readonly skip?: false | string } = {}
): void => {
  t.test(`the ${name} database keeps the contract of the SQL port`, options, async t => {
    const engine = await startEngine()
    t.teardown(() => engine.dispose())

    const offers = async (t: Pick<typeof import('tap').t, 'teardown'>): Promise<Database<Schema>> => {
      const database = await engine.fresh<Schema>()
      t.teardown(() => database.close())
      await migrate(database, 'offers', [createOffers])
      return database
    }
    const count = async ({ query }: Pick<Database<Schema>, 'query'>): Promise<number> => {
      const { n } = await query
        .selectFrom('offer')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .executeTakeFirstOrThrow()
      return n
    }

    t.test('values come back as they went in: integers up to 2^53, text, JSON text, bytes and null', async t => {
      const { query } = await offers(t)
      const given = [
        anOffer(1, { cost_micro_eur: Number.MAX_SAFE_INTEGER, power_w: Number.MIN_SAFE_INTEGER, is_accepted: 1 }),
        anOffer(2, {
          body: JSON.stringify({ name: 'Cinecittà 🔌 "x"', steps: [1, 2.5] }),
          digest: Uint8Array.of(0, 255, 7)
        })
      ]
      await query.insertInto('offer').values(given).execute()
      const read = await query.selectFrom('offer').selectAll().orderBy('id').execute()
      t.strictSame(
        read.map(offer => ({ ...offer, digest: offer.digest && [...offer.digest] })),
        given.map(offer => ({ ...offer, digest: offer.digest && [...offer.digest] }))
      )
      const steps = await query
        .selectFrom('offer')
        .select(sql<number>`(cost_micro_eur - ${Number.MAX_SAFE_INTEGER - 7}) / ${2}`.as('half'))
        .where('id', '=', 'offer-1')
        .executeTakeFirstOrThrow()
      t.equal(steps.half, 3, 'a division of integers is one of integers')
    })

    t.test('what is no value of a column is refused, not converted', async t => {
      const { query } = await offers(t)
      const date = new Date(0) as unknown as string
      await t.rejects(
        query
          .insertInto('offer')
          .values(anOffer(1, { body: date }))
          .execute(),
        TypeError
      )
    })

    t.test('a transaction that fails leaves nothing behind, and the next one works', async t => {
      const database = await offers(t)
      await database.query.insertInto('offer').values(anOffer(0)).execute()
      await t.rejects(
        database.transaction(async transaction => {
          await transaction.insertInto('offer').values(anOffer(1)).execute()
          await transaction.deleteFrom('offer').where('id', '=', 'offer-0').execute()
          throw new Error('no')
        }),
        { message: 'no' }
      )
      await t.rejects(
        database.transaction(async transaction => {
          await transaction.insertInto('offer').values(anOffer(2)).execute()
          await transaction.insertInto('offer').values(anOffer(0)).execute()
        })
      )
      t.equal(await count(database), 1)
      const result = await database.transaction(async transaction => {
        await transaction.insertInto('offer').values(anOffer(3)).execute()
        return count({ query: transaction })
      })
      t.equal(result, 2)
    })

    t.test('transactions asked for at once run one after another and lose nothing', async t => {
      const database = await offers(t)
      await database.query
        .insertInto('offer')
        .values(anOffer(0, { power_w: 0 }))
        .execute()
      await Promise.all(
        Array.from({ length: 20 }, () =>
          database.transaction(async transaction => {
            const { power_w } = await transaction.selectFrom('offer').select('power_w').executeTakeFirstOrThrow()
            await transaction
              .updateTable('offer')
              .set({ power_w: power_w + 1 })
              .execute()
          })
        )
      )
      const { power_w } = await database.query.selectFrom('offer').select('power_w').executeTakeFirstOrThrow()
      t.equal(power_w, 20)
    })

    t.test('10,000 rows go in by chunks in one transaction', async t => {
      const database = await offers(t)
      const rows = Array.from({ length: 10_000 }, (_, n) => anOffer(n))
      await database.transaction(async transaction => {
        for (const chunk of insertChunks(rows)) await transaction.insertInto('offer').values(chunk).execute()
      })
      t.equal(await count(database), 10_000)
      const { sum } = await database.query
        .selectFrom('offer')
        .select(({ fn }) => fn.sum<number>('power_w').as('sum'))
        .executeTakeFirstOrThrow()
      t.equal(sum, (9_999 * 10_000 * 100) / 2)
    })

    t.test('an upsert inserts what is new, updates what is there, and says how many rows it touched', async t => {
      const { query } = await offers(t)
      const upsert = (offer: Offer) =>
        query
          .insertInto('offer')
          .values(offer)
          .onConflict(conflict =>
            conflict.column('id').doUpdateSet(({ ref }) => ({ power_w: ref('excluded.power_w') }))
          )
          .executeTakeFirstOrThrow()
      await upsert(anOffer(1))
      t.equal((await upsert(anOffer(1, { power_w: 777, pom: 'ignored' }))).numInsertedOrUpdatedRows, 1n)
      const read = await query.selectFrom('offer').select(['power_w', 'pom']).execute()
      t.strictSame(
        read.map(row => ({ ...row })),
        [{ power_w: 777, pom: 'pom-1' }]
      )
      const returned = await query.deleteFrom('offer').where('id', '=', 'offer-1').returning('power_w').execute()
      t.strictSame(
        returned.map(row => ({ ...row })),
        [{ power_w: 777 }]
      )
      const updated = await query.updateTable('offer').set({ power_w: 1 }).executeTakeFirstOrThrow()
      t.equal(updated.numUpdatedRows, 0n)
    })

    t.test('a long result is streamed row by row', async t => {
      const { query } = await offers(t)
      await query
        .insertInto('offer')
        .values(Array.from({ length: 500 }, (_, n) => anOffer(n)))
        .execute()
      let rows = 0
      for await (const offer of query.selectFrom('offer').select('power_w').orderBy('power_w').stream()) {
        t.equal(offer.power_w, rows * 100)
        rows++
        if (rows === 300) break
      }
      t.equal(await count({ query }), 500, 'the connection is free after a stream that was broken off')
    })

    t.test('text is compared byte by byte, whatever the language of the server', async t => {
      const { query } = await offers(t)
      const ids = ['offer-10', 'offer-9', 'Offer-1', 'offer_1', 'öffer', 'zoffer', 'offer 1', '.offer', '🔌', '\uffee']
      await query
        .insertInto('offer')
        .values(ids.map((id, n) => anOffer(n, { id })))
        .execute()
      const sorted = ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      const read = await query.selectFrom('offer').select('id').orderBy('id').execute()
      t.strictSame(
        read.map(({ id }) => id),
        sorted
      )
      const after = await query.selectFrom('offer').select('id').where('id', '>', sorted[4]!).orderBy('id').execute()
      t.strictSame(
        after.map(({ id }) => id),
        sorted.slice(5),
        'the next page begins after the last one'
      )
    })

    t.test('an integer that a number cannot hold exactly is an error, not another number', async t => {
      const { query } = await offers(t)
      const most = anOffer(1, { cost_micro_eur: Number.MAX_SAFE_INTEGER })
      await query
        .insertInto('offer')
        .values([most, { ...most, id: 'other' }])
        .execute()
      const more = query.selectFrom('offer').select(sql<number>`cost_micro_eur + 1`.as('more'))
      await t.rejects(more.execute(), RangeError)
      const sum = query.selectFrom('offer').select(({ fn }) => fn.sum<number>('cost_micro_eur').as('sum'))
      await t.rejects(sum.execute(), RangeError)
      t.equal(await count({ query }), 2, 'and the next query works')
    })

    t.test('what is read and then changed under a lock is changed by one at a time', async t => {
      const database = await offers(t)
      await database.query
        .insertInto('offer')
        .values(anOffer(0, { power_w: 0 }))
        .execute()
      await Promise.all(
        Array.from({ length: 20 }, () =>
          database.query.transaction().execute(async transaction => {
            await lockUntilCommit(transaction, 'the offer')
            const { power_w } = await transaction.selectFrom('offer').select('power_w').executeTakeFirstOrThrow()
            await transaction
              .updateTable('offer')
              .set({ power_w: power_w + 1 })
              .execute()
          })
        )
      )
      const { power_w } = await database.query.selectFrom('offer').select('power_w').executeTakeFirstOrThrow()
      t.equal(power_w, 20)
    })

    t.test('migrations are applied once, in order; one that fails leaves nothing of itself', async t => {
      const database = await offers(t)
      t.strictSame(await migrate(database, 'offers', [createOffers]), [])
      await t.rejects(migrate(database, 'offers', [createOffers, indexPoms, broken]), {
        message: 'broken in the middle'
      })
      t.strictSame(await migrate(database, 'offers', [createOffers, indexPoms]), [])
      const tables = await database.query.introspection.getTables()
      t.strictSame(tables.map(({ name }) => name).toSorted(), ['flex_migration', 'offer'])
    })

    t.test('a database that another version has migrated is refused; another scope is not concerned', async t => {
      const database = await offers(t)
      const mismatch = { code: 'FLEX_SQL_MIGRATION_MISMATCH' }
      await t.rejects(migrate(database, 'offers', []), mismatch)
      await t.rejects(migrate(database, 'offers', [indexPoms, createOffers]), mismatch)
      t.strictSame(await migrate(database, 'other', []), [])
    })

    t.test('two connections that migrate and write at once both succeed', async t => {
      const first = await engine.fresh<Schema>()
      t.teardown(() => first.close())
      const second = await engine.again?.<Schema>()
      if (!second) {
        t.pass('a database in memory has one connection')
        return
      }
      t.teardown(() => second.close())
      const applied = await Promise.all(
        [first, second].map(database => migrate(database, 'offers', [createOffers, indexPoms]))
      )
      t.strictSame(applied.flat().toSorted(), ['create-offers', 'index-poms'])
      await Promise.all(
        [first, second].flatMap((database, side) =>
          Array.from({ length: 50 }, (_, n) =>
            database.transaction(async transaction => {
              await count({ query: transaction })
              await transaction
                .insertInto('offer')
                .values(anOffer(side * 1_000 + n))
                .execute()
            })
          )
        )
      )
      t.strictSame([await count(first), await count(second)], [100, 100])
    })
  })
}
