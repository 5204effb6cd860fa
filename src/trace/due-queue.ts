/** What is to be looked at when: a binary heap of (time, item), small enough in memory for a million entries. */

export type DueQueue<Item> = Readonly<{
  size: () => number;
  /** Earliest time; Infinity when it is empty. */
  nextMs: () => number;
  push: (dueMs: number, item: Item) => void;
  /** Takes out everything that is due at `nowMs`, earliest first. */
  takeDue: (nowMs: number) => readonly Item[];
}>;

export const createDueQueue = <Item>(): DueQueue<Item> => {
  const times: number[] = [];
  const items: Item[] = [];

  const swap = (a: number, b: number): void => {
    [times[a], times[b]] = [times[b]!, times[a]!];
    [items[a], items[b]] = [items[b]!, items[a]!];
  };

  const rise = (from: number): void => {
    for (let at = from, parent = (at - 1) >> 1; at > 0 && times[at]! < times[parent]!; parent = (at - 1) >> 1) {
      swap(at, parent);
      at = parent;
    }
  };

  const sink = (): void => {
    for (let at = 0; ; ) {
      const left = at * 2 + 1;
      if (left >= times.length) return;
      const least = left + 1 < times.length && times[left + 1]! < times[left]! ? left + 1 : left;
      if (times[at]! <= times[least]!) return;
      swap(at, least);
      at = least;
    }
  };

  const takeFirst = (): Item => {
    swap(0, times.length - 1);
    times.pop();
    const item = items.pop()!;
    sink();
    return item;
  };

  return {
    size: () => times.length,
    nextMs: () => times[0] ?? Number.POSITIVE_INFINITY,
    push: (dueMs, item) => {
      times.push(dueMs);
      items.push(item);
      rise(times.length - 1);
    },
    takeDue: (nowMs) => {
      const due: Item[] = [];
      while (times.length > 0 && times[0]! <= nowMs) due.push(takeFirst());
      return due;
    },
  };
};
