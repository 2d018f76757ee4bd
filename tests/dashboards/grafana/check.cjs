// Type-checks the dashboards of a folder against @grafana/schema: prints what does not fit, and exits with 1.
'use strict';

const { readFileSync, readdirSync, writeFileSync, mkdirSync } = require('node:fs');
const { join, resolve } = require('node:path');
const { spawnSync } = require('node:child_process');

const raw = join(__dirname, 'node_modules/@grafana/schema/dist/types/raw');
// Options and custom field options of each kind of panel that is used; another kind is an error.
const kinds = {
  stat: ['stat', false],
  table: ['table', true],
  timeseries: ['timeseries', true],
  barchart: ['barchart', true],
  'status-history': ['statushistory', true],
  trend: ['trend', true],
};

// JSON has no enums: "range" must do for an enum's member of that value. The keys stay as they are, and are checked.
const head = `
type Plain<T> = T extends string ? \`\${T}\`
  : T extends number ? (\`\${T}\` extends \`\${infer N extends number}\` ? N : T)
  : T extends (infer E)[] ? Plain<E>[]
  : T extends object ? { [K in keyof T]: Plain<T[K]> }
  : T;
`;

const [folder, out] = process.argv.slice(2).map((path) => resolve(path));
mkdirSync(out, { recursive: true });
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
for (const name of files) {
  const dashboard = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const lines = [`import type { Dashboard, AnnotationQuery } from '${raw}/dashboard/x/types.gen';`];
  for (const [kind, [path]] of Object.entries(kinds)) {
    lines.push(`import type * as ${path} from '${raw}/composable/${path}/panelcfg/x/${file(kind)}';`);
  }
  lines.push(head);
  // An annotation's query is its data source's own, and stands beside the known keys.
  const annotations = dashboard.annotations.list.map(({ query, textColumn, tagsColumn, ...known }) => known);
  lines.push(`export const dashboard: Plain<Dashboard> = ${JSON.stringify({ ...dashboard, annotations: { list: annotations } })};`);
  lines.push(`export const annotations: Plain<AnnotationQuery>[] = ${JSON.stringify(annotations)};`);
  for (const panel of dashboard.panels.filter((each) => each.type !== 'row')) {
    const kind = kinds[panel.type];
    if (!kind) {
      console.log(`${name}: panel ${panel.id} is of the kind ${panel.type}, which is not checked`);
      process.exit(1);
    }
    const [path, hasCustom] = kind;
    lines.push(`export const options${panel.id}: Partial<Plain<${path}.Options>> = ${JSON.stringify(panel.options)};`);
    const custom = panel.fieldConfig.defaults.custom;
    if (custom && hasCustom) {
      lines.push(`export const custom${panel.id}: Partial<Plain<${path}.FieldConfig>> = ${JSON.stringify(custom)};`);
    } else if (custom) {
      console.log(`${name}: panel ${panel.id} has custom field options, and its kind has none`);
      process.exit(1);
    }
  }
  writeFileSync(join(out, name.replace('.json', '.ts')), lines.join('\n'));
}

function file(kind) {
  const folderOf = join(raw, 'composable', kinds[kind][0], 'panelcfg', 'x');
  return readdirSync(folderOf).find((each) => each.endsWith('.d.ts')).replace('.d.ts', '');
}

const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler'];
const paths = files.map((name) => join(out, name.replace('.json', '.ts')));
const checked = spawnSync(process.execPath, [join(__dirname, 'node_modules/typescript/bin/tsc'), ...options, ...paths], {
  encoding: 'utf8',
});
process.stdout.write(checked.stdout);
process.exit(checked.status);
