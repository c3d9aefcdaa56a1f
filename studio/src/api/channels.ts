import type { Schemas } from './client';

/**
 * What a messaging channel has beside name and description: types by hand until docs/openapi.json has
 * them. Then this file goes.
 */
export interface ChannelFields {
  provider?: string;
  api_key?: Schemas['SecretRef'];
  from?: string | null;
  messaging_profile_id?: string | null;
  webhook_public_key?: string | null;
}

export type AnyIntegration = Schemas['Integration'] & ChannelFields;
export type AnyIntegrationInput = Schemas['IntegrationInput'] & ChannelFields;
