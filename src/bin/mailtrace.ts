#!/usr/bin/env node
import { runProgram } from './program/run-program.js';

await runProgram(process.argv.slice(2));
