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
  const call = (method, request) =>
    new Promise((resolve, reject) =>
      client[method](request, { deadline: Date.now() + 5000 }, (e, answer) => (e ? reject(e) : resolve(answer))));
  call.converse = () => client.Converse({ deadline: Date.now() + 15000 });
  return call;
}

const customerId = (customer) => ({ level: 'customer', keys: [{ name: 'customer_id', value: { int_value: customer } }] });

async function visit(how, customer) {
  const call = connect(how);
  const session_id = randomUUID();
  const audience = customerId(customer);
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

// A visit in one call; what it recommended is accepted in another.
async function visitWithoutSession(how, customer) {
  const call = connect(how);
  const visit = { channel: 'retail-bank', audience: customerId(customer) };
  const points = [{ interaction_point: 'home-hero', max_offers: 1 }];
  const [best] = (await call('Recommend', { ...visit, points })).points[0].offers;
  assert(best, `customer ${customer} gets no offer`);
  const events = [{ event_id: randomUUID(), event: 'offer-shown', treatment_code: best.treatment_code }];
  const [shown] = (await call('Recommend', { ...visit, events })).events;
  assert(shown.post_event, JSON.stringify(shown.failure));
  console.log(`node, ${how}: customer ${customer} sees ${best.offer_code} without a session`);
}

// Several visits at once over one stream. Answers quote the request's number; those of a session come in its order.
async function converse(how, customers) {
  const stream = connect(how).converse();
  const waiting = new Map();
  const heard = new Map();
  let number = 0;
  stream.on('data', (answer) => {
    const answered = String(answer.number); // a 64-bit integer
    const { session_id, resolve } = waiting.get(answered);
    assert(Number(answered) > (heard.get(session_id) ?? 0), 'answers of a session come in its order');
    heard.set(session_id, Number(answered));
    waiting.delete(answered);
    resolve(answer.result);
  });
  const ended = new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject));
  const ask = (session_id, what, command) =>
    new Promise((resolve) => {
      waiting.set(String(++number), { session_id, resolve });
      stream.write({ number, session_id, command: { [what]: command } });
    });
  await Promise.race([ended, Promise.all(customers.map(async (customer) => {
    const session = randomUUID();
    ask(session, 'start_session', { channel: 'retail-bank', audience: customerId(customer) });
    const points = [{ interaction_point: 'home-hero', max_offers: 1 }];
    const { get_offers } = await ask(session, 'get_offers', { points });
    const event = { event_id: randomUUID(), event: 'offer-shown' };
    const treatment_code = get_offers.points[0].offers[0].treatment_code;
    const [shown, again, failed] = await Promise.all([
      ask(session, 'post_event', { ...event, treatment_code }),
      ask(session, 'post_event', { ...event, treatment_code }),
      ask(session, 'post_event', { event_id: randomUUID(), event: 'no-such-event' }),
      ask(session, 'end_session', {}),
    ]);
    assert.strictEqual(shown.post_event.duplicate, false);
    assert.strictEqual(again.post_event.duplicate, true);
    assert.strictEqual(failed.failure.reason, 'EVENT_UNKNOWN', 'one refused request refuses nothing else');
  }))]);
  assert.strictEqual(waiting.size, 0);
  stream.end();
  await ended;
  console.log(`node, ${how}: ${customers.length} visits over one stream, ${number} requests answered`);
}

async function main() {
  await visit('mutual TLS', 1002);
  await visit('TLS and token', 1003);
  await visitWithoutSession('mutual TLS', 1002);
  await converse('mutual TLS', [1002, 1003, 1002]);
  await converse('TLS and token', [1003]);
  await assert.rejects(connect('neither')('GetVersion', {}), { code: grpc.status.UNAUTHENTICATED });
  await assert.rejects(converse('neither', [1002]), { code: grpc.status.UNAUTHENTICATED });
  console.log('node, neither: refused, as it must be');
}

main().then(() => process.exit(0), (e) => {
  console.error(`node: ${e.stack}`);
  process.exit(1);
});
