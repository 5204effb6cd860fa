#!/usr/bin/env node
// `npm start`: the bot when Slack tokens are set, else the bot in its playground.
import { runProgram } from './program/run-program.js';

const hasTokens = ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN'].some((name) => (process.env[name] ?? '') !== '');

await runProgram([hasTokens ? 'slack' : 'playground', ...process.argv.slice(2)]);
