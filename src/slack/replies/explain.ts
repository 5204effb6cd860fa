/** `/mailtrace explain CODE`. */
import type { Explanation } from '../../domain/status-code.js';
import { bold, own, paragraph, prose, quote, type Reply, reply } from './blocks.js';

export const explainReply = (explanation: Explanation): Reply => {
  const { code, title, meaning, effect, cause, lookNext, source } = explanation;
  return reply(
    [`${code}: ${title}. ${meaning} Usual cause: ${cause} Where to look: ${lookNext}`],
    [
      paragraph([quote(code, 40), own(' '), { ...prose(title, 200), style: { bold: true } }]),
      paragraph(
        [bold('Meaning: '), prose(meaning, 800)],
        [bold('For the message: '), prose(effect, 400)],
        [bold('Usual cause: '), prose(cause, 800)],
        [bold('Where to look: '), prose(lookNext, 800)],
        [bold('Defined in: '), prose(source, 200)],
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
