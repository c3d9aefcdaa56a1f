import type { Schemas } from './client';

/** What the overview reads: types by hand until docs/openapi.json has them. Then this file goes. */

export interface Bucket {
  at: string;
  calls: number;
  failed: number;
  refused: number;
}

export interface ActionFigures {
  integration_id: string | null;
  action_id: string | null;
  name: string;
  calls: number;
  failed: number;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
}

export interface DriftedAgent {
  agent_id: string;
  agent_name: string;
  version: number;
  changed: number;
}

export interface MissingSecret {
  name: string;
  environments: Schemas['Environment'][];
  used_by: { kind: string; id: string }[];
}

export interface Overview {
  buckets: Bucket[];
  actions: ActionFigures[];
  drift: DriftedAgent[];
  missing_secrets: MissingSecret[];
}

export interface OverviewPaths {
  '/api/v1/overview': {
    get: {
      parameters: {
        query?: { from?: string; to?: string; environment?: Schemas['Environment'] };
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { 'application/json': Overview } };
        401: {
          headers: { [name: string]: unknown };
          content: { 'application/problem+json': Schemas['Problem'] };
        };
      };
    };
  };
}
