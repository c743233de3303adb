/** Kinds of numbers in configs. */
import { z } from 'zod';

export const count = z.int().min(1);
export const positive = z.number().positive();
export const share = z.number().min(0).max(1);
export const weight = z.number().min(0);
