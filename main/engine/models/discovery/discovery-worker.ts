/** The thread that looks for models: headers with large vocabularies would hold up whoever else asks the engine. */
import { parentPort, workerData } from 'node:worker_threads'
import { discoverModels } from './discover'
import type { DiscoveryReply, DiscoveryRequest } from './discovery-thread'

const port = parentPort
if (port === null) throw new Error('discovery-worker runs as a worker thread')
const send = (reply: DiscoveryReply): void => { port.postMessage(reply) }

const listing = await discoverModels(workerData as DiscoveryRequest, {
  onPlaces(places, home) { send({ kind: 'places', places, home }) },
  onFound(model) { send({ kind: 'found', model }) }
})
send({ kind: 'done', listing })
