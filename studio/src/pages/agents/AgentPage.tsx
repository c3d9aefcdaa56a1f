import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Outlet, useChildMatches } from '@tanstack/react-router';
import { $api, type Schemas } from '~/api/client';
import { Boundary } from '~/parts/Boundary';
import { LoadingRows } from '~/parts/ListState';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { UnsavedGuard } from '~/parts/UnsavedGuard';
import { UnfinishedContext } from '~/parts/unfinished';
import './agents.css';
import { AgentTabs } from './AgentTabs';
import { DraftContext, draftOptions, useDraftDesk } from './draft/useDraft';

const route = getRouteApi('/app/agents/$id');

/** An agent and the pages under it; they share one form of the draft, so that nothing typed gets lost between them. */
export function AgentPage() {
  const { id } = route.useParams();
  return <Reading key={id} id={id} />;
}

function Reading({ id }: { id: string }) {
  const agent = $api.useQuery('get', '/api/v1/agents/{id}', { params: { path: { id } } });
  const draft = useQuery(draftOptions(id));
  if (agent.data && draft.data) return <Desk agent={agent.data} first={draft.data} problem={agent.error} />;
  const problem = agent.error ?? draft.error;
  return (
    <div className="page">
      {problem ? (
        <ProblemAlert
          error={problem}
          onRetry={() => {
            void agent.refetch();
            void draft.refetch();
          }}
        />
      ) : (
        <LoadingRows rows={8} />
      )}
    </div>
  );
}

interface DeskProps {
  agent: Schemas['Agent'];
  first: Schemas['Draft'];
  /** The last read failed; what was typed stays on the screen. */
  problem: unknown;
}

function Desk({ agent, first, problem }: DeskProps) {
  const desk = useDraftDesk(agent.id, first);
  const below = useChildMatches({ select: (found) => found.length > 0 });
  return (
    <DraftContext value={desk}>
      <UnfinishedContext value={desk.setText}>
        <UnsavedGuard
          when={desk.dirty || desk.setAside !== undefined || desk.making !== undefined}
          within={`/agents/${agent.id}`}
          onLeave={desk.drop}
        />
        <Boundary of={below ? 'below' : 'tabs'} keeps>
          {below ? <Outlet /> : <AgentTabs agent={agent} problem={problem} />}
        </Boundary>
      </UnfinishedContext>
    </DraftContext>
  );
}
