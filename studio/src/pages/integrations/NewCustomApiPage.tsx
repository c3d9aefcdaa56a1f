import { emptySlot } from './model';
import { NewIntegration } from './NewIntegration';

export function NewCustomApiPage() {
  return (
    <NewIntegration
      kind="custom_api"
      title="New custom API"
      description="Say where the service is in each environment, and how to authenticate there. Fill in at least one; the others can follow."
      submitLabel="Connect the API"
      start={{ slots: { development: emptySlot(), staging: null, production: null } }}
    />
  );
}
