import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { client, ifMatch, type Schemas } from '~/api/client';
import { Problem, problemOf } from '~/api/problem';
import type { Form } from '~/parts/form';
import type { JsonObject } from '~/parts/schema/schema';
import {
  type Action,
  type ActionValues,
  changedFields,
  type Input,
  inputOf,
  type Kind,
  valuesOf,
} from './values';

type Report = Schemas['Report'];

export interface SaveAction {
  submit: () => void;
  pending: boolean;
  error: unknown;
  /** Who is affected, when there is somebody: waits for `confirm`. */
  report: Report | undefined;
  confirm: () => void;
  cancel: () => void;
  /** The action as somebody else left it. */
  theirs: Action | undefined;
  /** Look at somebody else's change. */
  compare: () => void;
  /** Go on with my changes on top of theirs, or with theirs alone. */
  settle: (keep: 'mine' | 'theirs') => void;
  changes: () => JsonObject;
  saved: Action | undefined;
}

interface Props {
  kind: Kind;
  base: Action;
  setBase: (action: Action) => void;
  form: Form<ActionValues>;
  /** What is typed and cannot be taken yet. */
  unfinished: readonly string[];
}

/** What is wrong before anything is sent. */
export function problemBefore(input: Input, unfinished: readonly string[]): Problem | undefined {
  const errors = unfinished.map((detail) => ({ pointer: '/parameters', detail }));
  if (input.problem !== undefined) errors.push({ pointer: input.pointer, detail: input.problem });
  if (errors.length === 0) return undefined;
  return new Problem({ status: 422, code: 'invalid_input', title: 'Unprocessable Entity', errors });
}

/** Saving an action: ask what it means, show it if somebody is affected, then do it. */
export function useSaveAction({ kind, base, setBase, form, unfinished }: Props): SaveAction {
  const [report, setReport] = useState<Report>();
  const [theirs, setTheirs] = useState<Action>();
  const [wrong, setWrong] = useState<Problem>();
  const path = { id: base.id };

  function changes(): JsonObject {
    const input = inputOf(kind, form.values);
    return input.problem === undefined ? changedFields({ ...base }, input.body) : {};
  }
  const compare = useMutation({
    meta: { refreshes: [] },
    mutationFn: async () => (await client.GET('/api/v1/actions/{id}', { params: { path } })).data,
    onSuccess: (now) => setTheirs(now),
  });
  const whenStale = (error: unknown) => {
    if (problemOf(error).isStale) compare.mutate();
  };
  const check = useMutation({
    meta: { refreshes: [] },
    mutationFn: async (body: JsonObject) => {
      const { data } = await client.PATCH('/api/v1/actions/{id}', {
        params: { path, query: { dry_run: true }, header: ifMatch(base.revision) },
        body: body as Schemas['ActionPatch'],
      });
      return data && 'affected' in data ? data : { dry_run: true, affected: [], refusal: null };
    },
    onError: whenStale,
    onSuccess: (answer, body) => {
      if (answer.affected.length === 0 && !answer.refusal) save.mutate(body);
      else setReport(answer);
    },
  });
  const save = useMutation({
    meta: { done: 'Saved', refreshes: ['/api/v1/'] },
    mutationFn: async (body: JsonObject) => {
      const { data } = await client.PATCH('/api/v1/actions/{id}', {
        params: { path, header: ifMatch(base.revision) },
        body: body as Schemas['ActionPatch'],
      });
      if (!data || 'affected' in data) throw new Error('The server’s response did not have the action.');
      return data;
    },
    onError: (error) => {
      setReport(undefined);
      whenStale(error);
    },
    onSuccess: (action) => {
      setReport(undefined);
      setBase(action);
      form.reset(valuesOf(action));
    },
  });

  function submit(): void {
    const input = inputOf(kind, form.values);
    save.reset();
    check.reset();
    const problem = problemBefore(input, unfinished);
    if (problem || input.problem !== undefined) {
      setWrong(problem);
      return;
    }
    setWrong(undefined);
    const body = changedFields({ ...base }, input.body);
    if (Object.keys(body).length === 0) form.reset(valuesOf(base));
    else check.mutate(body);
  }
  const error = wrong ?? save.error ?? check.error ?? compare.error;
  return {
    submit,
    pending: check.isPending || save.isPending || compare.isPending,
    error: error && problemOf(error).isStale ? null : error,
    report,
    confirm: () => save.mutate(changes()),
    cancel: () => {
      setReport(undefined);
      setTheirs(undefined);
    },
    theirs,
    compare: () => compare.mutate(),
    settle: (keep) => {
      if (!theirs) return;
      const mine = changes();
      setBase(theirs);
      setTheirs(undefined);
      check.reset();
      save.reset();
      form.reset(valuesOf(theirs));
      if (keep === 'mine') form.set(valuesOf({ ...theirs, ...mine } as Action));
    },
    changes,
    saved: save.data,
  };
}
