import { queryOptions } from '@tanstack/react-query';
import { problemOfResponse } from './problem';
import { reached } from './reached';

/** The parts of an OpenAPI document that the reference shows. */
export interface Document {
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, OperationObject>>;
  components: { schemas: Record<string, Schema> };
  security?: Security[];
}

export type Security = Record<string, string[]>;

export interface OperationObject {
  operationId: string;
  tags?: string[];
  summary?: string;
  description?: string;
  parameters?: Parameter[];
  requestBody?: { description?: string; required?: boolean; content: Content };
  responses: Record<string, ResponseObject>;
  security?: Security[];
}

export interface Parameter {
  name: string;
  in: string;
  description?: string;
  required?: boolean;
  schema?: Schema;
}

export interface ResponseObject {
  description?: string;
  content?: Content;
  headers?: Record<string, { description?: string; schema?: Schema }>;
  links?: Record<string, { operationId: string }>;
  'x-codes'?: string[];
}

export type Content = Record<string, { schema?: Schema }>;

export interface Schema {
  $ref?: string;
  type?: string | string[];
  title?: string;
  description?: string;
  format?: string;
  enum?: unknown[];
  default?: unknown;
  examples?: unknown[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  oneOf?: Schema[];
  discriminator?: { propertyName: string; mapping?: Record<string, string> };
  writeOnly?: boolean;
  'x-errors'?: Record<string, { status: number; meaning: string; advice: string }>;
}

/** The document that describes the API. It is public, and stays what it is as long as the server runs. */
export const documentOptions = queryOptions({
  queryKey: ['document', '/api/openapi.json'],
  queryFn: async (): Promise<Document> => {
    const response = await reached(fetch('/api/openapi.json', { headers: { Accept: 'application/json' } }));
    if (!response.ok) throw await problemOfResponse(response);
    return response.json();
  },
  staleTime: Number.POSITIVE_INFINITY,
});
