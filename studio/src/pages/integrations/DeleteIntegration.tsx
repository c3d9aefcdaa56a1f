import { useNavigate } from '@tanstack/react-router';
import { client, ifMatch, type Schemas } from '~/api/client';
import { AffectedList } from '~/parts/AffectedList';
import { ConfirmDelete } from '~/parts/ConfirmDelete';
import { offerUndo } from '~/parts/undo';

export function DeleteIntegration({
  integration,
  onClose,
}: {
  integration: Schemas['Integration'];
  onClose: () => void;
}) {
  const navigate = useNavigate();
  const path = { id: integration.id };
  return (
    <ConfirmDelete
      title={`Delete the integration ${integration.name}?`}
      load={async () => {
        const { data } = await client.DELETE('/api/v1/integrations/{id}', {
          params: { path, query: { dry_run: true } },
        });
        return data ?? null;
      }}
      affected={(report) => report && <AffectedList report={report} nobody="No agent links its actions." />}
      refused={(report) => Boolean(report?.refusal)}
      onConfirm={async () => {
        await client.DELETE('/api/v1/integrations/{id}', {
          params: { path, header: ifMatch(integration.revision) },
        });
        await navigate({ to: '/integrations', ignoreBlocker: true });
        offerUndo(`Deleted ${integration.name}.`, () =>
          client.POST('/api/v1/integrations/{id}/undelete', { params: { path } }),
        );
      }}
      meta={{ refreshes: ['/api/v1/integrations'] }}
      onClose={onClose}
    >
      Its {integration.action_count} actions go with it. Agents keep their links, which are broken until they
      are linked again or removed; publishing such an agent is refused.
    </ConfirmDelete>
  );
}
