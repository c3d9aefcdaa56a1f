export interface InputError {
  pointer: string;
  detail: string;
}

interface ProblemBody {
  status: number;
  code: string;
  title?: string;
  detail?: string;
  errors?: InputError[] | null;
}

/** Every failed request ends as one of these: the server's problem+json, or what stands in for it. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly errors: readonly InputError[];
  /** The whole answer, for members that one code alone has, such as `broken_references`. */
  readonly body: Readonly<Record<string, unknown>>;

  constructor(body: ProblemBody & Record<string, unknown>) {
    super(body.detail || body.title || body.code);
    this.name = 'Problem';
    this.status = body.status;
    this.code = body.code;
    this.title = body.title ?? body.code;
    this.detail = body.detail ?? '';
    this.errors = body.errors ?? [];
    this.body = body;
  }

  /** Somebody else changed it since it was read (412). */
  get isStale(): boolean {
    return this.status === 412;
  }
}

/** The problem in a response that is not 2xx. */
export async function problemOfResponse(response: Response): Promise<Problem> {
  const text = await response.text().catch(() => '');
  const fallback = { status: response.status, code: `http_${response.status}` };
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string') {
      return new Problem({ ...fallback, ...body, code: body.code });
    }
  } catch {
    // Not JSON: a proxy in between answered.
  }
  return new Problem({
    ...fallback,
    title: `The server responded with ${response.status}`,
    detail:
      response.status >= 500
        ? 'The server, or a proxy in front of it, could not respond. Try again in a moment; if it happens again, look at the server’s log.'
        : 'The response did not come from Switchboard’s API. Check the proxy in front of it.',
  });
}

/** Any thrown thing as a problem, so that there is one way to show errors. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem({
    status: 0,
    code: 'unexpected',
    title: 'Something went wrong in this page',
    detail: `This is an error in the Studio, not in your connection: ${error instanceof Error ? error.message : String(error)}`,
  });
}
