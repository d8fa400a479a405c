import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { duration, plain, seedNumber, startProgress, table, wholeNumber } from './output.ts';

test('a table is aligned by what a terminal shows, and holds nothing that steers it', () => {
  const text = table(
    ['name', 'value'],
    [
      ['防御', '1'],
      ['e\u0301', '22'],
      ['\u001b[31mred\u202e', '3'],
    ],
    [1],
  );
  expect(stripVTControlCharacters(text).split('\n')).toEqual([
    'name       value',
    '防御           1',
    'e\u0301             22',
    '�[31mred�      3',
  ]);
});

test('plain text keeps what is text', () => {
  expect(plain('naïve 防御 👩‍🔬')).toBe('naïve 防御 👩‍🔬');
  expect(plain('a\nb\u0007\u009b')).toBe('a�b��');
});

test('durations are as a person says them', () => {
  expect([0.4, 59, 61, 3600, 7865].map(duration)).toEqual(['0 s', '59 s', '1 min 1 s', '1 h 0 min', '2 h 11 min']);
});

test('a whole number is taken as such, or refused with the name of the option', () => {
  expect(wholeNumber('--examples', '12', 1)).toBe(12);
  for (const text of ['0', '-1', '1.5', '1e3', '0x10', '', ' 1', '99999999999999999']) {
    expect(() => wholeNumber('--examples', text, 1)).toThrow(
      expect.objectContaining({ kind: 'usage', message: expect.stringContaining('--examples') }),
    );
  }
});

test('a number beyond what is taken is refused with what is', () => {
  expect(wholeNumber('--epochs', '1000', 1, 1000)).toBe(1000);
  expect(() => wholeNumber('--epochs', '1001', 1, 1000)).toThrow(
    expect.objectContaining({ kind: 'usage', message: "--epochs: '1001'; wanted a whole number from 1 to 1000" }),
  );
  expect(seedNumber('2147483647')).toBe(2 ** 31 - 1);
  for (const text of ['2147483648', '4294967296', '-1', '1.5']) {
    expect(() => seedNumber(text)).toThrow(`--seed: '${text}'; wanted a whole number from 0 to 2147483647`);
  }
});

describe('progress', () => {
  function stream(isTTY: boolean) {
    const written: string[] = [];
    return {
      written,
      stream: { isTTY, columns: 60, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream,
    };
  }

  test('rewrites one line in a terminal, no longer than it', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { written, stream: terminal } = stream(true);
    const progress = startProgress(terminal);
    progress.update('attacks', 0.25);
    vi.advanceTimersByTime(10_000);
    progress.update('x'.repeat(200), 0.5);
    progress.note('a line');
    progress.stop();
    vi.useRealTimers();
    expect(written[0]).toMatch(/^attacks: 25 %/);
    expect(written.slice(1)).toEqual(['\r\x1b[K', 'x'.repeat(59), '\r\x1b[K', 'a line\n']);
  });

  test('says a line every ten seconds elsewhere', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { written, stream: log } = stream(false);
    const progress = startProgress(log);
    for (let second = 0; second < 25; second++) {
      progress.update('attacks', second / 100);
      vi.advanceTimersByTime(1000);
    }
    vi.useRealTimers();
    expect(written).toEqual([
      'attacks: 10 % after 10 s, about 1 min 30 s left\n',
      'attacks: 20 % after 20 s, about 1 min 20 s left\n',
    ]);
  });

  test('of work that goes on the time left is by the pace of this run', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { written, stream: log } = stream(false);
    const progress = startProgress(log);
    progress.update('epoch 9', 0.8);
    vi.advanceTimersByTime(10_000);
    progress.update('epoch 10', 0.9);
    vi.useRealTimers();
    expect(written).toEqual(['epoch 10: 90 % after 10 s, about 10 s left\n']);
  });
});
