/**
 * `npm test`: format, lint, types and generated files, then every test file; ends with one line `N passed, N failed`.
 * Arguments are handed on to tap: `npm test -- domain` runs one folder.
 */
import { spawn } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
/** A folder stands for the test files below it. */
const own = process.argv
  .slice(2)
  .flatMap(path => (statSync(path).isDirectory() ? globSync(`${path}/**/*.test.ts`) : [path]))

const step = (name: string, command: string, args: readonly string[]): Promise<boolean> =>
  new Promise(resolve => {
    process.stderr.write(`\n== ${name}\n`)
    const child = spawn(command, args, { cwd: root, stdio: 'inherit' })
    child.on('error', () => resolve(false))
    child.on('exit', code => resolve(code === 0))
  })

/** Assertions are counted from tap's own protocol. */
const tests = (paths: readonly string[]): Promise<{ passed: number; failed: number }> =>
  new Promise(resolve => {
    process.stderr.write('\n== tests\n')
    const child = spawn('tap', ['run', '--reporter=tap', ...paths], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    let passed = 0
    let failed = 0
    let inFailure = false
    const began = performance.now()
    createInterface({ input: child.stdout }).on('line', line => {
      const file = /^(not )?ok \d+ - (\S+)(.*)$/.exec(line)
      if (file) {
        inFailure = Boolean(file[1])
        process.stdout.write(`${file[1] ? 'FAILED' : 'ok    '} ${file[2]}${file[3]}\n`)
      } else if (/^ {4}(not )?ok \d+/.test(line) && !/^ {4}ok \d+ .*# SKIP/.test(line)) {
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
const result = await tests(own)
passed += result.passed
failed += result.failed
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
