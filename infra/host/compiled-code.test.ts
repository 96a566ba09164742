import { spawnSync } from 'node:child_process'
import t from 'tap'

const module = new URL('compiled-code.ts', import.meta.url).href

/** What V8 says about a flag that it does not know goes to the standard error and stops nobody. */
const saidOf = (program: string): string =>
  spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' }).stderr

t.test('V8 knows the flag by which idle processes keep their compiled code', async t => {
  t.equal(saidOf(`import { keepCompiledCode } from ${JSON.stringify(module)}; keepCompiledCode()`), '')
  t.match(saidOf("import { setFlagsFromString } from 'node:v8'; setFlagsFromString('--no-such-flag')"), /no-such-flag/)
})
