/** `npm run wasm`: writes adam.wasm.ts from adam.wat. A test checks that the committed one is current. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const place = (file: string) => fileURLToPath(new URL(`../src/lm/${file}`, import.meta.url));
export const OUTPUT = place('adam.wasm.ts');

/** The module's bytes in base 64, as a TypeScript file. */
export async function compiled(): Promise<string> {
  const { parseWat } = await wabt();
  const module = parseWat('adam.wat', readFileSync(place('adam.wat'), 'utf8'), { simd: true, threads: true });
  const bytes = Buffer.from(module.toBinary({}).buffer).toString('base64');
  return `/** adam.wat, compiled by \`npm run wasm\`. */\nexport const ADAM_WASM =\n  '${bytes}';\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(OUTPUT, await compiled());
