/**
 * Sessions, members and invitations: types by hand, in the form the generator gives, until
 * docs/openapi.json has them. Then this file goes, and no page changes.
 */

export type Role = 'viewer' | 'editor' | 'admin' | 'owner';

export interface Session {
  user: { id: string; email: string; name: string };
  workspace: { id: string; name: string };
  role: Role;
  workspaces: { id: string; name: string; role: Role }[];
  csrf_token: string;
  expires_at: string;
}

export interface Member {
  id: string;
  email: string;
  name: string;
  role: Role;
  created_at: string;
  last_seen_at: string | null;
}

export interface Invitation {
  id: string;
  email: string;
  role: Role;
  created_at: string;
  expires_at: string;
  invited_by: string;
}

export interface NewInvitation extends Invitation {
  /** Shown once. */
  link: string;
}

export interface InvitationInspection {
  email: string;
  role: Role;
  workspace: { name: string };
  has_account: boolean;
}

interface Page<T> {
  data: T[];
  next: string | null;
}

interface Json<T> {
  headers: { [name: string]: unknown };
  content: { 'application/json': T };
}

interface Nothing {
  headers: { [name: string]: unknown };
  content?: never;
}

interface Parameters<Path, Query> {
  query?: Query;
  header?: never;
  path: Path;
  cookie?: never;
}

interface PlainParameters<Query> {
  query?: Query;
  header?: never;
  path?: never;
  cookie?: never;
}

interface Get<T, Query = never> {
  parameters: PlainParameters<Query>;
  requestBody?: never;
  responses: { 200: Json<T> };
}

interface Send<Body, Status extends number, T> {
  parameters: PlainParameters<never>;
  requestBody: { content: { 'application/json': Body } };
  responses: { [status in Status]: T };
}

interface SendTo<Body, Status extends number, T> {
  parameters: Parameters<{ id: string }, never>;
  requestBody: { content: { 'application/json': Body } };
  responses: { [status in Status]: T };
}

interface Bare {
  parameters: PlainParameters<never>;
  requestBody?: never;
  responses: { 204: Nothing };
}

interface BareTo {
  parameters: Parameters<{ id: string }, never>;
  requestBody?: never;
  responses: { 204: Nothing };
}

type Paging = { limit?: number; after?: string };

export interface AccountPaths {
  '/api/v1/session': {
    get: Get<Session>;
    post: Send<{ email: string; password: string }, 201, Json<Session>>;
    delete: Bare;
  };
  '/api/v1/session/sign-out-everywhere': { post: Bare };
  '/api/v1/session/workspace': { put: Send<{ workspace_id: string }, 200, Json<Session>> };
  '/api/v1/session/password': {
    put: Send<{ current_password: string; new_password: string }, 204, Nothing>;
  };
  '/api/v1/setup': {
    get: Get<{ needed: boolean }>;
    post: Send<{ token: string; email: string; name: string; password: string }, 201, Json<Session>>;
  };
  '/api/v1/members': { get: Get<Page<Member>, Paging> };
  '/api/v1/members/{id}': { patch: SendTo<{ role: Role }, 200, Json<Member>>; delete: BareTo };
  '/api/v1/invitations': {
    get: Get<Page<Invitation>, Paging>;
    post: Send<{ email: string; role: Role }, 201, Json<NewInvitation>>;
  };
  '/api/v1/invitations/{id}': { delete: BareTo };
  '/api/v1/invitations/inspect': { post: Send<{ token: string }, 200, Json<InvitationInspection>> };
  '/api/v1/invitations/accept': {
    post: Send<{ token: string; name: string; password: string }, 201, Json<Session>>;
  };
}
