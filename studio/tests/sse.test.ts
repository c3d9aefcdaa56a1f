import { describe, expect, it } from 'vitest';
import { SseParser } from '~/api/sse';

const stream =
  'id: evt_1\nevent: state.changed\ndata: {"a":1}\n\n: keep-alive\n\nid: evt_2\r\ndata: x\r\ndata: y\r\n\r\n';

describe('server-sent events', () => {
  it.each([1, 2, 3, 7, 1000])('are read in pieces of %d characters', (size) => {
    const parser = new SseParser();
    const found = [];
    for (let at = 0; at < stream.length; at += size) found.push(...parser.push(stream.slice(at, at + size)));
    expect(found).toEqual([
      { id: 'evt_1', event: 'state.changed', data: '{"a":1}' },
      { id: 'evt_2', event: 'message', data: 'x\ny' },
    ]);
  });
  it('gives nothing for what is not complete', () => {
    expect(new SseParser().push('data: half\n')).toEqual([]);
  });
});
