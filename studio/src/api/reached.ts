import { Problem } from './problem';

/** What a failed `fetch` says. Only that is the network's; any other `TypeError` is a fault of ours. */
export async function reached(asked: Promise<Response>): Promise<Response> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof TypeError) throw unreached();
    throw error;
  }
}

export function unreached(): Problem {
  return new Problem({
    status: 0,
    code: 'network',
    title: 'The server cannot be reached',
    detail:
      'Check your connection and that the server is running, then try again. What you typed is still here.',
  });
}
