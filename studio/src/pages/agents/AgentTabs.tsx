import { Skeleton } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { chunk } from '~/api/chunk';
import type { Schemas } from '~/api/client';
import { PageTabs } from '~/parts/PageTabs';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { AgentHeader } from './AgentHeader';
import { DraftNotices } from './draft/DraftNotices';
import { useDraft } from './draft/useDraft';
import { HistoryDrawer } from './history/HistoryDrawer';
import { InstructionsTab } from './instructions/InstructionsTab';

const StatesTab = lazy(() =>
  chunk(() => import('./states/StatesTab').then((m) => ({ default: m.StatesTab }))),
);
const ActionsTab = lazy(() =>
  chunk(() => import('./actions/ActionsTab').then((m) => ({ default: m.ActionsTab }))),
);
const SettingsTab = lazy(() =>
  chunk(() => import('./settings/SettingsTab').then((m) => ({ default: m.SettingsTab }))),
);
const PlaygroundTab = lazy(() =>
  chunk(() => import('./playground/PlaygroundTab').then((m) => ({ default: m.PlaygroundTab }))),
);

const route = getRouteApi('/app/agents/$id');

export function AgentTabs({ agent, problem }: { agent: Schemas['Agent']; problem: unknown }) {
  const { tab = 'instructions', panel } = route.useSearch();
  const navigate = route.useNavigate();
  const { values } = useDraft();
  return (
    <div className="page">
      <AgentHeader agent={agent} />
      <ProblemAlert error={problem} />
      <DraftNotices />
      <PageTabs
        label={agent.name}
        value={tab}
        keeps
        onChange={(next) => navigate({ search: { tab: next } })}
        tabs={[
          { value: 'instructions', label: 'Instructions' },
          { value: 'states', label: values.states.length ? `States ${values.states.length}` : 'States' },
          { value: 'actions', label: values.actions.length ? `Actions ${values.actions.length}` : 'Actions' },
          { value: 'playground', label: 'Playground' },
          { value: 'settings', label: 'Settings' },
        ]}
      >
        <Suspense fallback={<Skeleton height={240} />}>
          {tab === 'instructions' && <InstructionsTab />}
          {tab === 'states' && <StatesTab />}
          {tab === 'actions' && <ActionsTab />}
          {tab === 'playground' && <PlaygroundTab agentId={agent.id} />}
          {tab === 'settings' && <SettingsTab agent={agent} />}
        </Suspense>
      </PageTabs>
      {panel === 'history' && (
        <HistoryDrawer agent={agent} onClose={() => navigate({ search: ({ panel: _, ...rest }) => rest })} />
      )}
    </div>
  );
}
