// Runs a suite of cache-tests: node suite.mjs DIRECTORY BASE [ID ...]
// Prints a JSON array: {id, suite, kind, result, detail} of every test, with
// the result as the suite itself scores it.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [directory, base, ...ids] = process.argv.slice(2)
const load = path => import(pathToFileURL(`${directory}/${path}`))

// The published package and the repository differ in layout, and in whose
// fetch they use.
async function open () {
  const { default: suites } = await load('tests/index.mjs')
  if (existsSync(`${directory}/test-engine`)) {
    const { runTests, getResults } = await load('test-engine/client/runner.mjs')
    const { determineTestResult } = await load('test-engine/lib/results.mjs')
    const run = chosen => runTests(chosen, false, base)
    return { suites, run, getResults, determineTestResult }
  }
  const { runTests, getResults } = await load('client/runner.mjs')
  const { determineTestResult } = await load('lib/display.mjs')
  const { default: surrogate } = await load('tests/surrogate-control.mjs')
  const fetch = createRequire(`${directory}/`)('node-fetch')
  const run = chosen => runTests(chosen, fetch, false, base)
  suites.push(surrogate)
  return { suites, run, getResults, determineTestResult }
}

// A test needs those it depends on: they decide whether it counts.
function withDependencies (suites, wanted) {
  const all = new Map(suites.flatMap(suite => suite.tests)
    .map(test => [test.id, test]))
  const chosen = new Set()
  const choose = id => {
    if (!chosen.has(id)) {
      chosen.add(id)
      all.get(id).depends_on?.forEach(choose)
    }
  }
  wanted.forEach(choose)
  return suites.map(suite => ({
    ...suite, tests: suite.tests.filter(test => chosen.has(test.id))
  }))
}

const words = {
  '✅': 'passed',
  Y: 'passed',
  '⛔️': 'failed',
  '⚠️': 'failed',
  N: 'failed',
  '⚪️': 'not counted: dependency',
  '🔹': 'not counted: setup',
  '⁉️': 'not counted: harness',
  '↻': 'not counted: retry',
  '-': 'not run'
}

const { suites, run, getResults, determineTestResult } = await open()
const chosen = ids.length ? withDependencies(suites, ids) : suites
console.error = () => {}
await run(chosen)
const results = getResults()
const rows = chosen.flatMap(suite => suite.tests.map(test => ({
  id: test.id,
  suite: suite.name,
  kind: test.kind ?? 'required',
  result: words[determineTestResult(suites, test.id, results)[2]],
  detail: Array.isArray(results[test.id]) ? results[test.id][1] : ''
})))
const ran = rows.filter(row => row.result !== 'not run')
process.stdout.write(JSON.stringify(ran), () => process.exit(0))
