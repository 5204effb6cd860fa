/** `/mailtrace explain CODE`. */
import type { Explanation } from '../../domain/status-code.js';
import { bold, instructions, own, paragraph, plainInstructions, quote, type Reply, reply } from './blocks.js';

export const explainReply = (explanation: Explanation): Reply => {
  const { code, title, meaning, effect, cause, lookNext, source } = explanation;
  return reply(
    [plainInstructions(`${code}: ${title}. ${meaning} Usual cause: ${cause} Where to look: ${lookNext}`)],
    [
      paragraph([quote(code, 40), own(' '), bold(title)]),
      paragraph(
        [bold('Meaning: '), ...instructions(meaning)],
        [bold('For the message: '), ...instructions(effect)],
        [bold('Usual cause: '), ...instructions(cause)],
        [bold('Where to look: '), ...instructions(lookNext)],
        [bold('Defined in: '), own(source)],
      ),
    ],
  );
};

export const unknownCodeReply = (code: string): Reply =>
  reply(
    [`“${code.slice(0, 60)}” is no reply or status code.`],
    [
      paragraph(
        [quote(code || ' ', 60), own(' is no reply or status code.')],
        [
          bold('Next: '),
          own('try '),
          quote('/mailtrace explain 550'),
          own(', '),
          quote('/mailtrace explain 5.1.1'),
          own(' or '),
          quote('/mailtrace explain 454/4.7.1'),
          own('.'),
        ],
      ),
    ],
  );
