/** Somebody who talks to the API: by a key, or by the cookie of a session. */
export class Api {
  constructor(url, { key, cookie, csrf } = {}) {
    this.url = url;
    this.key = key;
    this.cookie = cookie;
    this.csrf = csrf;
  }

  /** What came back, whatever it is: `{status, body, headers}`. */
  async ask(method, path, body, headers = {}) {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.key ? { authorization: `Bearer ${this.key}` } : {}),
        ...(this.cookie ? { cookie: this.cookie, origin: this.url, 'x-csrf-token': this.csrf } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : null, headers: response.headers };
  }

  /** The body of a good answer; anything else ends the test. */
  async done(method, path, body) {
    const answer = await this.ask(method, path, body);
    if (answer.status >= 300) {
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer.body;
  }

  get = (path) => this.done('GET', path);
  post = (path, body = {}) => this.done('POST', path, body);
  put = (path, body) => this.done('PUT', path, body);
  patch = (path, body) => this.done('PATCH', path, body);
  delete = (path) => this.done('DELETE', path);
}

async function enter(url, path, body) {
  const answer = await new Api(url).ask('POST', path, body);
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  // The other cookie says that the browser was here before.
  const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
  const cookie = cookies.find((cookie) => cookie.includes('session='));
  return new Api(url, { cookie, csrf: answer.body.csrf_token });
}

export const PASSWORD = 'correct horse battery';

/** The owner's account by the printed link; who is signed in as the owner. */
export function makeOwner(server) {
  const token = server.setupLink.split('#')[1];
  return enter(server.url, '/setup', { token, email: 'ada@example.com', name: 'Ada Lovelace', password: PASSWORD });
}

export function signInWith(url, email, password) {
  return enter(url, '/session', { email, password });
}

export const signIn = (url, email) => signInWith(url, email, PASSWORD);

/** Invites somebody and takes the invitation for them. */
export async function invite(owner, email, role, name) {
  const { link } = await owner.post('/invitations', { email, role });
  return enter(owner.url, '/invitations/accept', { token: link.split('#')[1], name, password: PASSWORD });
}
