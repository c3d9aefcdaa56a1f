import { createContext } from 'react';
import type { Schemas } from '~/api/client';

export type Environment = Schemas['Environment'];

/** Always all three, always in this order. */
export const ENVIRONMENTS: readonly Environment[] = ['development', 'staging', 'production'];

export const ENVIRONMENT_LABEL: Record<Environment, string> = {
  development: 'Development',
  staging: 'Staging',
  production: 'Production',
};

/** The environments that the fields inside are about; a secret chosen there needs a value in these. */
export const EnvironmentScope = createContext<readonly Environment[]>(ENVIRONMENTS);
