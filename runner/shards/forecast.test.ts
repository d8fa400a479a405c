import { describe, expect, it } from 'vitest';
import { forecast } from './forecast.ts';

describe('forecast', () => {
  it('knows nothing before anything is done', () => {
    const time = forecast();
    time.plan('pgd', 10);
    expect(time.secondsLeft(2)).toBeNull();
    expect(time.share()).toBe(0);
  });

  it('goes by what the same kind of work took, and by the mean pace for a kind not yet seen', () => {
    const time = forecast();
    time.plan('pgd', 10);
    time.plan('jsma', 30);
    time.done('pgd', 5, 10);
    expect(time.secondsLeft(1)).toBe(5 * 2 + 30 * 2);
    time.done('jsma', 10, 5);
    expect(time.secondsLeft(1)).toBe(5 * 2 + 20 * 0.5);
    expect(time.secondsLeft(2)).toBe(10);
  });

  it('ends at all of it and nothing left, remembered work included', () => {
    const time = forecast();
    time.plan('pgd', 10);
    time.done('pgd', 5, null);
    expect(time.secondsLeft(1)).toBeNull();
    time.done('pgd', 5, 1);
    expect(time.share()).toBe(1);
    expect(time.secondsLeft(4)).toBe(0);
  });
});
