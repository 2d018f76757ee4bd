// Runs Grafana's own transformations on frames: a JSON list of jobs comes in, a list of lists of frames goes out.
'use strict';

// react-use looks for a browser when it is loaded, and what @grafana/data takes of one is little.
require('react-use');
const storage = {};
globalThis.window = {
  addEventListener() {},
  localStorage: storage,
  location: { search: '', origin: 'http://localhost', href: 'http://localhost/', pathname: '/' },
  matchMedia: () => ({ matches: false, addEventListener() {} }),
};
globalThis.localStorage = storage;

const { readFileSync } = require('node:fs');
const { lastValueFrom } = require('rxjs');
const data = require('@grafana/data');

const known = new Map(Object.values(data.standardTransformers).map((each) => [each.id, each]));
data.standardTransformersRegistry.setInit(() =>
  [...known.values()].map((each) => ({ id: each.id, name: each.name, transformation: async () => each }))
);

function typeOf(name, values) {
  if (name === 'Time') {
    return 'time';
  }
  const first = values.find((value) => value !== null);
  return first === undefined ? 'number' : typeof first;
}

function frameOf({ ref, name, columns, labels, named }) {
  const fields = Object.entries(columns).map(([column, values]) => ({
    name: column,
    type: typeOf(column, values),
    labels: column === 'Value' ? labels : undefined,
    config: column === 'Time' ? {} : { displayNameFromDS: named && column === 'Value' ? name : column },
    values,
  }));
  return data.toDataFrame({ refId: ref, name, fields });
}

async function run({ transformations, frames }) {
  for (const { id } of transformations) {
    if (!known.has(id)) {
      throw new Error(`Grafana has no transformation ${id}`);
    }
  }
  const made = await lastValueFrom(
    data.transformDataFrame(transformations, frames.map(frameOf), { interpolate: (text) => text })
  );
  return made.map((frame) => ({
    ref: frame.refId ?? '',
    columns: frame.fields.map((field) => [data.getFieldDisplayName(field, frame, made), [...field.values]]),
  }));
}

(async () => {
  const jobs = JSON.parse(readFileSync(0, 'utf8'));
  const answers = [];
  for (const job of jobs) {
    answers.push(await run(job));
  }
  process.stdout.write(JSON.stringify(answers));
})();
