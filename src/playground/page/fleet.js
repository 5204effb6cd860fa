/** The fleet's panel: send mail through it, break its relay, and see what is underway. */
import { h } from './dom.js';
import { perform, state } from './store.js';
import { toast } from './toast.js';

const act = async (what) => {
  try {
    const { taken } = await perform(what);
    if (taken === 0) toast('So much mail is underway already: wait a little.');
  } catch (error) {
    toast(error.message);
  }
};

/** An incident closes when nothing matched for 15 minutes. */
const MINUTES = 16;

const passTime = () => {
  toast(`${MINUTES} minutes have passed for the fleet and for mailtrace.`);
  return act({ kind: 'pass-time', minutes: MINUTES });
};

const send = (count, label) =>
  h('button.fleet-button', { type: 'button', onclick: () => act({ kind: 'send-mail', count }) }, label);

/** @returns null where the logs are only read. */
export const fleetPanel = () => {
  const { fleet } = state.snapshot;
  if (!fleet) return null;
  const { isRelayBroken, sent, underway } = fleet;
  return h(
    'section.fleet',
    { 'aria-label': 'The fleet' },
    h('h2', {}, 'The fleet'),
    h('div.fleet-row', {}, send(1, 'Send mail'), send(10, 'Send 10')),
    h(
      'label.fleet-switch',
      {},
      h('input', {
        type: 'checkbox',
        role: 'switch',
        checked: isRelayBroken,
        onchange: (event) => act({ kind: 'break-relay', isBroken: event.target.checked }),
      }),
      'Break the relay',
    ),
    h('div.fleet-row', {}, h('button.fleet-button', { type: 'button', onclick: passTime }, `Let ${MINUTES} min pass`)),
    h('div.note', { role: 'status' }, sent === 0 ? 'No mail sent yet.' : `${sent} sent, ${underway} underway`),
    h('div.note', {}, 'To hear of it: ', h('code', {}, '/mailtrace subscribe bounced deferred')),
  );
};
