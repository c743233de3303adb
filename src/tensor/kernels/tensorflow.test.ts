/** The same checks on the `tensorflow` device where one of its bindings loads; elsewhere the run says why not. */
import { afterAll, describe, test } from 'vitest';
import { closeEngine, probeDevices } from '../index.ts';
import { deviceSuite } from './suite.fixture.ts';

const report = (await probeDevices()).find(({ device }) => device === 'tensorflow')!;

afterAll(closeEngine);

if (report.usable) deviceSuite('tensorflow', 4);
else
  describe('kernels on tensorflow', () => {
    test.skip(`skipped: ${report.reason}`, () => {});
  });
