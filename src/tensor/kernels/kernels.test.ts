/** Every kernel and gradient of the `onnx` device against tfjs's JavaScript backend, over random shapes. */
import { afterAll } from 'vitest';
import { closeEngine } from '../index.ts';
import { deviceSuite } from './suite.fixture.ts';

afterAll(closeEngine);

deviceSuite('onnx', 8);
