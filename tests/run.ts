/**
 * `npm test`: format, lint, types and generated files, then every test file; ends with one line `N passed, N failed`.
 * Arguments are handed on to tap: `npm test -- domain` runs one folder.
 *
 * A whole run starts the engines that tests share once (infra/engines/for-tests.ts); they end with it, however it ends. What
 * was skipped, because an engine cannot be had, is named with the reason; with `CI=true` that is a failure.
 */
import { spawn } from 'node:child_process'
import { existsSync, globSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sharedEngines } from '../infra/engines/shared-engines.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const asked = process.argv.slice(2)
const strange = asked.filter(path => !existsSync(path))
if (strange.length > 0) {
  process.stderr.write(`there is no ${strange.join(', ')}\nusage: npm test [-- FOLDER or FILE ...]\n`)
  process.exit(asked.includes('--help') ? 0 : 2)
}
/** A folder stands for the test files below it. */
const own = asked.flatMap(path => (statSync(path).isDirectory() ? globSync(`${path}/**/*.test.ts`) : [path]))

const step = (name: string, command: string, args: readonly string[]): Promise<boolean> =>
  new Promise(resolve => {
    process.stderr.write(`\n== ${name}\n`)
    const child = spawn(command, args, { cwd: root, stdio: 'inherit' })
    child.on('error', () => resolve(false))
    child.on('exit', code => resolve(code === 0))
  })

/** Assertions are counted from tap's own protocol. */
const tests = (
  paths: readonly string[],
  engines: Readonly<Record<string, string>>
): Promise<{ passed: number; failed: number }> =>
  new Promise(resolve => {
    process.stderr.write('\n== tests\n')
    const child = spawn('tap', ['run', '--reporter=tap', ...paths], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...engines }
    })
    let passed = 0
    let failed = 0
    let skips: string[] = []
    let inFailure = false
    const began = performance.now()
    createInterface({ input: child.stdout }).on('line', line => {
      const file = /^(not )?ok \d+ - (\S+)(.*)$/.exec(line)
      if (file) {
        inFailure = Boolean(file[1])
        process.stdout.write(`${file[1] ? 'FAILED' : 'ok    '} ${file[2]}${file[3]}\n${skips.join('')}`)
        skips = []
        return
      }
      const skipped = /^ +ok \d+(?: - )?(.*?) # SKIP ?(.*)$/i.exec(line)
      if (skipped) {
        skips.push(`skipped  ${skipped[1]}: ${skipped[2] || 'no reason given'}\n`)
        return
      }
      if (/^ {4}(not )?ok \d+/.test(line)) {
        if (/^ {4}not ok/.test(line)) {
          failed++
          process.stdout.write(`${line}\n`)
        } else passed++
      } else if (/^ +not ok/.test(line) || (inFailure && line.trim() !== '')) process.stdout.write(`${line}\n`)
    })
    child.on('error', () => resolve({ passed, failed: failed + 1 }))
    child.on('close', code => {
      process.stderr.write(`tests took ${Math.round((performance.now() - began) / 1_000)} s\n`)
      // A file that broke before its first assertion counts as one failure.
      resolve({ passed, failed: code !== 0 && failed === 0 ? 1 : failed })
    })
  })

let passed = 0
let failed = 0
if (own.length === 0) {
  const checks: [string, string, string[]][] = [
    ['format and lint', 'biome', ['check', '.']],
    ['types', 'tsc', ['--noEmit', '-p', '.']]
  ]
  for (const [name, command, args] of checks) {
    if (await step(name, command, args)) passed++
    else failed++
  }
}
// After an install tap knows its standard plugins only; building leaves out the compiler, which Node.js 24 does without.
if (!(await step('test runner', 'tap', ['build']))) failed++
// One folder or file starts what it needs by itself.
const engines = own.length === 0 ? await sharedEngines() : undefined
try {
  if (engines) for (const failure of engines.failures) process.stdout.write(`FAILED engine: ${failure}\n`)
  failed += engines?.failures.length ?? 0
  const result = await tests(own, engines?.environment ?? {})
  passed += result.passed
  failed += result.failed
} finally {
  await engines?.end()
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
