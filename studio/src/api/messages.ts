import type { Schemas } from './client';

/**
 * Text messages and answers to client events: types by hand, in the form the generator gives, until
 * docs/openapi.json has them. Then this file goes, and no page changes.
 */

export type MessageStatus =
  | 'queued'
  | 'sending'
  | 'sent'
  | 'outcome_unknown'
  | 'delivery_unconfirmed'
  | 'delivered'
  | 'delivery_failed'
  | 'sending_failed'
  | 'expired';

export interface MessageError {
  code: string;
  title: string;
  detail: string | null;
  advice: string | null;
}

export interface Message {
  id: string;
  integration_id: string;
  environment: Schemas['Environment'];
  conversation_id: string | null;
  call_id: string | null;
  from: string;
  to: string;
  text: string;
  encoding: string;
  parts: number;
  status: MessageStatus;
  accepted: boolean;
  provider_message_id: string | null;
  error: MessageError | null;
  attempts: number;
  created_at: string;
  updated_at: string;
}

interface Json<T> {
  headers: { [name: string]: unknown };
  content: { 'application/json': T };
}

interface Failure {
  headers: { [name: string]: unknown };
  content: { 'application/problem+json': Schemas['Problem'] };
}

interface Parameters<Path, Query> {
  query?: Query;
  header?: never;
  path: Path;
  cookie?: never;
}

interface NoPath<Query> {
  query?: Query;
  header?: never;
  path?: never;
  cookie?: never;
}

export interface MessageQuery {
  conversation_id?: string;
  integration_id?: string;
  status?: MessageStatus;
  environment?: Schemas['Environment'];
  limit?: number;
  after?: string;
}

export interface MessagePaths {
  '/api/v1/messages': {
    get: {
      parameters: NoPath<MessageQuery>;
      requestBody?: never;
      responses: { 200: Json<{ data: Message[]; next: string | null }>; 401: Failure };
    };
  };
  '/api/v1/messages/{id}': {
    get: {
      parameters: Parameters<{ id: string }, never>;
      requestBody?: never;
      responses: { 200: Json<Message>; 404: Failure };
    };
  };
  '/api/v1/conversations/{id}/client-events/{event_id}/result': {
    post: {
      parameters: Parameters<{ id: string; event_id: string }, never>;
      requestBody: { content: { 'application/json': { result: unknown } | { error: string } } };
      responses: { 204: { headers: { [name: string]: unknown }; content?: never } };
    };
  };
}
