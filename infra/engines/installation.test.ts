import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { installEngine } from './engines.ts'
import { lacking } from './for-tests.ts'
import { debianProgram, holdToDigests } from './installation.ts'

const enginesDir = () => {
  const dir = process.env['FLEX_ENGINES_DIR']
  return dir ? { enginesDir: dir } : {}
}

const noKafka = await lacking('kafka')

t.test(
  'a download that differs from what is pinned in any file is refused, and the file is named',
  { skip: noKafka },
  async t => {
    const home = await installEngine('kafka', enginesDir())
    const libs = join(t.testdir(), 'libs')
    await cp(join(home, 'libs'), libs, { recursive: true })
    await holdToDigests(libs, 'kafka')
    const refusal = (file: string) => ({ code: 'FLEX_ENGINE_UNAVAILABLE', message: new RegExp(`pins: ${file}$`) })
    await writeFile(join(libs, 'added.jar'), 'x')
    await t.rejects(holdToDigests(libs, 'kafka'), refusal('added.jar'), 'a file too many')
    await rm(join(libs, 'added.jar'))
    await writeFile(join(libs, 'jopt-simple-5.0.4.jar'), 'x', { flag: 'a' })
    await t.rejects(holdToDigests(libs, 'kafka'), refusal('jopt-simple-5.0.4.jar'), 'a byte too many')
    await rm(join(libs, 'jopt-simple-5.0.4.jar'))
    await t.rejects(holdToDigests(libs, 'kafka'), refusal('jopt-simple-5.0.4.jar'), 'a file too few')
  }
)

t.test(
  'a folder in the place of an installation is taken for one: it appears only as a whole',
  { skip: noKafka },
  async t => {
    const dir = t.testdir()
    await mkdir(join(dir, 'kafka-4.1.1'))
    t.equal(await installEngine('kafka', { enginesDir: dir }), join(dir, 'kafka-4.1.1'))
  }
)

t.test('a program that is missing is named with the command that brings it, unless it may be installed', async t => {
  const uid = process.getuid
  process.getuid = () => 1_000
  t.teardown(() => {
    if (uid) process.getuid = uid
  })
  await t.rejects(
    debianProgram(
      () => undefined,
      ['mosquitto'],
      () => {}
    ),
    {
      code: 'FLEX_ENGINE_UNAVAILABLE',
      message: /as root: apt-get install mosquitto/
    }
  )
})
