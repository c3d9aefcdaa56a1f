import { useQuery } from '@tanstack/react-query';
import { createContext, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import { $api, client, ifMatch, type Schemas } from '~/api/client';
import { problemOf } from '~/api/problem';
import { queryClient, refresh } from '~/api/queryClient';
import { useCan } from '~/api/session';
import { type Kept, useMirror } from '~/parts/mirror';
import { type Merged, mergeDrafts } from './merge';
import { type BindingValues, type DraftValues, givenIds, inputOf, valuesOf, withIds } from './model';
import { same } from './same';

const PATH = '/api/v1/agents/{id}/draft';

export function draftOptions(id: string) {
  return $api.queryOptions('get', PATH, { params: { path: { id } } });
}

/** What somebody typed and then set aside for the other's draft; shown until it is thrown away. */
export interface SetAside {
  values: DraftValues;
  why: string;
}

export interface DraftDesk {
  agentId: string;
  /** The key of a binding that had a made-up one before it was saved. */
  keyNow: (key: string) => string;
  values: DraftValues;
  base: DraftValues;
  revision: number;
  restoredFrom: number | null;
  dirty: boolean;
  readOnly: boolean;
  /** What cannot be taken yet, such as texts that are not JSON, by `<binding's key>/<field>`; while there are any, nothing is saved. */
  texts: Readonly<Record<string, string>>;
  setText: (field: string, text: string | undefined) => void;
  /** The same, with those of the action that is still being made, which keep nothing from being saved. */
  typed: Readonly<Record<string, string>>;
  /** An action of its own that is being made: no part of the draft until it is complete. */
  making: BindingValues | undefined;
  make: (binding: BindingValues | undefined) => void;
  /** What was typed before the page was loaded again. */
  offer: Kept<Typed> | undefined;
  takeOffer: () => void;
  closeOffer: () => void;
  /** Somebody leaves and knows that what is typed gets lost. */
  drop: () => void;
  change: (edit: (values: DraftValues) => DraftValues) => void;
  discard: () => void;
  /** Somebody else's draft that is newer than the one this form started from. */
  theirs: DraftValues | undefined;
  merged: Merged | undefined;
  takeTheirs: () => void;
  keepMine: () => void;
  setAside: SetAside | undefined;
  putBack: () => void;
  forgetSetAside: () => void;
  /** After an operation of the server on the draft: read it, and put what is typed on top of it. */
  adopt: () => Promise<void>;
  /** Before the draft is overwritten (restore): keep what is typed, and start from what the server has. */
  startOver: (why: string) => Promise<void>;
  save: () => Promise<number>;
  saving: boolean;
  saveError: unknown;
}

interface Held {
  base: DraftValues;
  values: DraftValues;
  revision: number;
  restoredFrom: number | null;
}

/** All that is typed and not saved, as it is kept beside the page. */
export interface Typed {
  base: DraftValues;
  values: DraftValues;
  revision: number;
  texts: Record<string, string>;
  making: BindingValues | undefined;
}

function held(draft: Schemas['Draft']): Held {
  const values = valuesOf(draft);
  return { base: values, values, revision: draft.revision, restoredFrom: draft.restored_from };
}

/** The form of a draft, over all tabs of the agent's page. */
export function useDraftDesk(agentId: string, first: Schemas['Draft']): DraftDesk {
  const { data: latest = first } = useQuery({ ...draftOptions(agentId), refetchInterval: 30_000 });
  const mayEdit = useCan('edit');
  const [state, setState] = useState(() => held(first));
  const [typed, setTexts] = useState<Record<string, string>>({});
  const [making, make] = useState<BindingValues>();
  const [setAside, putAside] = useState<SetAside>();
  const [saving, setSaving] = useState(false);
  const [keys, setKeys] = useState<Record<string, string>>({});
  const [saveError, setSaveError] = useState<unknown>();

  // Those of bindings that were removed do not count any more.
  const texts = useMemo(() => {
    const keys = new Set(state.values.actions.map((one) => one.key));
    return Object.fromEntries(
      Object.entries(typed).filter(
        ([field]) => field.startsWith('state:') || keys.has(field.slice(0, field.indexOf('/'))),
      ),
    );
  }, [typed, state.values.actions]);
  const dirty = useMemo(
    () => Object.keys(texts).length > 0 || !same(state.values, state.base),
    [texts, state.values, state.base],
  );
  const mirrored = useMemo<Typed | undefined>(
    () =>
      mayEdit && (dirty || making)
        ? {
            base: state.base,
            values: state.values,
            revision: state.revision,
            texts: withoutHolds(typed),
            making,
          }
        : undefined,
    [mayEdit, dirty, state, typed, making],
  );
  const mirror = useMirror<Typed>(`agent/${agentId}`, mirrored);
  const newer = latest.revision > state.revision ? latest : undefined;
  // Nothing typed: the newer draft is simply shown.
  useEffect(() => {
    if (newer && !dirty && !saving) setState(held(newer));
  }, [newer, dirty, saving]);
  const theirs = useMemo(
    () => (newer && dirty && !saving ? valuesOf(newer) : undefined),
    [newer, dirty, saving],
  );
  const merged = useMemo(
    () => (theirs ? mergeDrafts(state.base, state.values, theirs) : undefined),
    [theirs, state],
  );

  const change = useCallback(
    (edit: (values: DraftValues) => DraftValues) => setState((now) => ({ ...now, values: edit(now.values) })),
    [],
  );
  const setText = useCallback(
    (field: string, text: string | undefined) =>
      setTexts(({ [field]: _, ...rest }) => (text === undefined ? rest : { ...rest, [field]: text })),
    [],
  );
  const read = useCallback(
    () => queryClient.fetchQuery({ ...draftOptions(agentId), staleTime: 0 }),
    [agentId],
  );
  const adopt = useCallback(async () => {
    const draft = await read();
    setState((now) => {
      const fresh = held(draft);
      return { ...fresh, values: mergeDrafts(now.base, now.values, fresh.values).values };
    });
  }, [read]);

  async function save(): Promise<number> {
    setSaving(true);
    setSaveError(undefined);
    try {
      const { data } = await client.PUT(PATH, {
        params: { path: { id: agentId }, header: ifMatch(state.revision) },
        body: inputOf(state.values),
      });
      if (!data) throw new Error('the server’s response was empty');
      queryClient.setQueryData(draftOptions(agentId).queryKey, data);
      const given = givenIds(state.values, data);
      setKeys((now) => ({ ...now, ...given }));
      const before = state.values;
      const sent = withIds(before, given);
      // What was typed while it was on its way stays.
      setState((now) => {
        const fresh = held(data);
        return now.values === before
          ? fresh
          : { ...fresh, values: mergeDrafts(sent, withIds(now.values, given), fresh.values).values };
      });
      void refresh('/api/v1/agents');
      return data.revision;
    } catch (error) {
      // Somebody else's change is shown by itself once it is read.
      if (problemOf(error).isStale) await read();
      setSaveError(error);
      throw error;
    } finally {
      setSaving(false);
    }
  }

  async function startOver(why: string) {
    const draft = await read();
    if (dirty) putAside({ values: state.values, why });
    setTexts({});
    setSaveError(undefined);
    setState(held(draft));
  }

  return {
    agentId,
    keyNow: (key) => keys[key] ?? key,
    values: state.values,
    base: state.base,
    revision: state.revision,
    restoredFrom: state.restoredFrom,
    dirty,
    readOnly: !mayEdit,
    texts,
    setText,
    typed,
    making,
    make,
    offer: mayEdit ? mirror.offer : undefined,
    takeOffer: () => {
      const kept = mirror.offer?.data;
      if (!kept) return;
      const { base, values, revision } = kept;
      // Of an older draft it comes back as what it was; somebody else's change since then is shown as such.
      setState((now) =>
        revision === now.revision ? { ...now, values } : { base, values, revision, restoredFrom: null },
      );
      setTexts(kept.texts);
      make(kept.making);
      mirror.close();
    },
    closeOffer: mirror.close,
    drop: mirror.drop,
    change,
    discard: () => {
      setTexts({});
      setSaveError(undefined);
      setState((now) => ({ ...now, values: now.base }));
    },
    theirs,
    merged,
    takeTheirs: () => void startOver('You took the other draft. What you had typed is kept here.'),
    keepMine: () => {
      if (!newer || !merged) return;
      setSaveError(undefined);
      setState({ ...held(newer), values: merged.values });
    },
    setAside,
    putBack: () => {
      if (!setAside) return;
      setState((now) => ({ ...now, values: setAside.values }));
      putAside(undefined);
    },
    forgetSetAside: () => putAside(undefined),
    adopt,
    startOver,
    save,
    saving,
    saveError,
  };
}

/** A name that cannot be taken is held by its field, which is gone after a reload. */
function withoutHolds(texts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([field]) => !field.includes('#')));
}

export const DraftContext = createContext<DraftDesk | null>(null);

export function useDraft(): DraftDesk {
  const desk = useContext(DraftContext);
  if (!desk) throw new Error('there is no draft here');
  return desk;
}
