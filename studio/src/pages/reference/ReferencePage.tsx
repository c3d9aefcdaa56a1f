import './reference.css';
import {
  ActionIcon,
  Anchor,
  Text,
  Tooltip,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import IconMoon from '@tabler/icons-react/icons/IconMoon';
import IconSun from '@tabler/icons-react/icons/IconSun';
import { useQuery } from '@tanstack/react-query';
import { Link, useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { type Document, documentOptions } from '~/api/document';
import { LoadingRows } from '~/parts/ListState';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { wantFocus } from '~/shell/focus';
import { goToSearch } from '~/shell/searchKey';
import { ErrorsView, ErrorView } from './ErrorsView';
import { OperationList } from './OperationList';
import { OperationView } from './OperationView';
import { grouped, operationsOf, type Place, placeOf } from './operations';
import { ReferenceTitle } from './ReferenceTitle';
import { StartView } from './StartView';

/** The reference of the API, for everybody: made in the browser from the document that the server gives. */
export function ReferencePage() {
  const { data, error, refetch } = useQuery(documentOptions);
  return (
    <div className="reference">
      <button type="button" className="skip-link" onClick={toMain}>
        Skip to the content
      </button>
      <ReferenceHead />
      {data ? (
        <Reference document={data} />
      ) : (
        <main id="main" tabIndex={-1} className="page">
          <ReferenceTitle title="API reference" />
          {error ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : <LoadingRows />}
        </main>
      )}
    </div>
  );
}

/** No link: the part of the address after the `#` says what is shown. */
function toMain() {
  document.getElementById('main')?.focus();
}

function ReferenceHead() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  const other = scheme === 'dark' ? 'light' : 'dark';
  return (
    <header className="reference-head">
      <Link to="/api/docs" className="quiet-link">
        <img src="/favicon.svg" alt="" width={20} height={20} />
        Switchboard API
      </Link>
      <div className="reference-links">
        <Anchor component={Link} to="/api/docs" hash="/errors">
          Errors
        </Anchor>
        <Anchor component={Link} to="/">
          Studio
        </Anchor>
        <Tooltip label={`Use ${other} colours`}>
          <ActionIcon aria-label={`Use ${other} colours`} onClick={() => setColorScheme(other)}>
            {scheme === 'dark' ? <IconSun size={16} /> : <IconMoon size={16} />}
          </ActionIcon>
        </Tooltip>
      </div>
    </header>
  );
}

function Reference({ document: data }: { document: Document }) {
  const hash = useLocation({ select: (location) => location.hash });
  const navigate = useNavigate();
  const [query, setQuery] = useState('');
  const wide = useMediaQuery('(min-width: 48em)', true, { getInitialValueInEffect: false });
  const operations = useMemo(() => operationsOf(data), [data]);
  const groups = useMemo(() => grouped(operations, query), [operations, query]);
  const place = placeOf(hash);
  const first = groups[0]?.operations[0]?.operationId;
  useMoves(hash);
  useEffect(() => {
    const onKeyDown = (event: globalThis.KeyboardEvent) =>
      goToSearch(event, '.reference-list input[type="search"]');
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
  return (
    <div className="reference-body" data-at={place.at}>
      <OperationList
        groups={groups}
        query={query}
        onQuery={setQuery}
        onEnter={() => first && void navigate({ to: '/api/docs', hash: `/operations/${first}` })}
        shown={place.at === 'operation' ? place.operationId : undefined}
        spread={wide}
      />
      <main id="main" tabIndex={-1}>
        {place.at !== 'start' && (
          <Text hiddenFrom="sm" mb="xs">
            <Anchor component={Link} to="/api/docs">
              All operations
            </Anchor>
          </Text>
        )}
        <Shown key={hash} place={place} document={data} operations={operations} />
      </main>
    </div>
  );
}

/** After a move to something else the page begins at its top, and its heading has the focus. */
function useMoves(hash: string) {
  const before = useRef(hash);
  if (before.current !== hash) wantFocus();
  useLayoutEffect(() => {
    if (before.current === hash) return;
    before.current = hash;
    if (hash) window.scrollTo(0, 0);
  }, [hash]);
}

function Shown({
  place,
  document: data,
  operations,
}: {
  place: Place;
  document: Document;
  operations: ReturnType<typeof operationsOf>;
}) {
  if (place.at === 'start') return <StartView document={data} />;
  if (place.at === 'errors') return <ErrorsView document={data} />;
  if (place.at === 'error') return <ErrorView code={place.code} document={data} operations={operations} />;
  const operation = operations.find((one) => one.operationId === place.operationId);
  if (operation) return <OperationView operation={operation} document={data} />;
  return <ReferenceTitle title={`There is no operation ${place.operationId}`} />;
}
