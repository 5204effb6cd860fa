/** What pictures are made of. */
import type { GraphImager } from '../app/ports.js';

/** Loads Graphviz and sharp when the first picture is drawn. */
export const createImager = (): GraphImager & Readonly<{ close(): Promise<void> }> => {
  const opened = import('../imaging/graph-png.js').then(({ openGraphImager }) => openGraphImager());
  return {
    toSvg: async (dot) => (await opened).toSvg(dot),
    toPng: async (dot) => (await opened).toPng(dot),
    close: async () => (await opened).close(),
  };
};
