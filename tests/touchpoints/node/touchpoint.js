// A touchpoint on stock libraries: @grpc/grpc-js and the proto files, no generated code. It visits twice, once known by its
// client certificate and once by a token, and once it shows neither and must be refused.
// usage: node touchpoint.js PROTO-FOLDER HOST:PORT FOLDER-OF-CREDENTIALS
'use strict';
const assert = require('node:assert');
const { randomUUID } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [protos, target, folder] = process.argv.slice(2);
const definition = loader.loadSync('parley/runtime/v1/interaction.proto', {
  includeDirs: [protos], keepCase: true, defaults: true,
});
const { InteractionService } = grpc.loadPackageDefinition(definition).parley.runtime.v1;
const pem = (name) => readFileSync(join(folder, name));

// The credentials of a call: of the connection, and of each call on it if there is a token.
function credentials(how) {
  if (how === 'mutual TLS')
    return grpc.credentials.createSsl(pem('ca.crt'), pem('touchpoint.key'), pem('touchpoint.crt'));
  const tls = grpc.credentials.createSsl(pem('ca.crt'));
  if (how !== 'TLS and token') return tls;
  const token = readFileSync(join(folder, 'touchpoint.token'), 'utf8').trim();
  const perCall = grpc.credentials.createFromMetadataGenerator((_, done) => {
    const metadata = new grpc.Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    done(null, metadata);
  });
  return grpc.credentials.combineChannelCredentials(tls, perCall);
}

function connect(how) {
  const client = new InteractionService(target, credentials(how));
  return (method, request) =>
    new Promise((resolve, reject) =>
      client[method](request, { deadline: Date.now() + 5000 }, (e, answer) => (e ? reject(e) : resolve(answer))));
}

async function visit(how, customer) {
  const call = connect(how);
  const session_id = randomUUID();
  const audience = { level: 'customer', keys: [{ name: 'customer_id', value: { int_value: customer } }] };
  const started = await call('StartSession', { session_id, channel: 'retail-bank', audience });
  const { points } = await call('GetOffers', { session_id, points: [{ interaction_point: 'home-hero', max_offers: 2 }] });
  const [best] = points[0].offers;
  assert(best, `customer ${customer} gets no offer`);
  const shown = { session_id, event_id: randomUUID(), event: 'offer-shown', treatment_code: best.treatment_code };
  assert.strictEqual((await call('PostEvent', shown)).duplicate, false);
  assert.strictEqual((await call('PostEvent', shown)).duplicate, true, 'the same event again changes nothing');
  await call('EndSession', { session_id });
  console.log(`node, ${how}: customer ${customer} in [${started.segments}] sees ${best.offer_code}, score ${best.score}`);
}

async function main() {
  await visit('mutual TLS', 1002);
  await visit('TLS and token', 1003);
  await assert.rejects(connect('neither')('GetVersion', {}), { code: grpc.status.UNAUTHENTICATED });
  console.log('node, neither: refused, as it must be');
}

main().then(() => process.exit(0), (e) => {
  console.error(`node: ${e.stack}`);
  process.exit(1);
});
