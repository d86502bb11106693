// Puts jobs into a BullMQ queue and works them off: node jobs.mjs PORT JOBS.
// Prints how many were done, how often, and how late, in milliseconds.

import { Queue, Worker } from 'bullmq'

const [port, jobs] = process.argv.slice(2).map(Number)
const connection = {
  host: '127.0.0.1', port, maxRetriesPerRequest: null,
}
const BATCH = 100
const PAUSE = 50 // ms between batches
const EVERY_TENTH_DELAYED = 300 // ms

const late = []
const times = new Map()
const queue = new Queue('jobs', { connection })
const worker = new Worker('jobs', async job => {
  late.push(Date.now() - job.data.due)
  times.set(job.data.number, (times.get(job.data.number) ?? 0) + 1)
}, { connection, concurrency: 50 })

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))

function job (number) {
  const delay = number % 10 === 0 ? EVERY_TENTH_DELAYED : 0
  return {
    name: 'job',
    data: { number, due: Date.now() + delay, text: 'x'.repeat(200) },
    opts: { delay, removeOnComplete: true },
  }
}

for (let number = 0; number < jobs; number += BATCH) {
  await queue.addBulk(Array.from({ length: BATCH }, (_, i) => job(number + i)))
  await sleep(PAUSE)
}
const deadline = Date.now() + 30000
while (times.size < jobs && Date.now() < deadline) await sleep(50)

late.sort((a, b) => a - b)
const at = share => late[Math.floor(share * (late.length - 1))]
console.log(JSON.stringify({
  done: times.size,
  twice: [...times.values()].filter(count => count > 1).length,
  p50: at(0.5), p99: at(0.99), max: at(1),
}))
await worker.close()
await queue.close()
