import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { LoadingRows } from './ListState';
import { ProblemAlert } from './ProblemAlert';

interface Props<T> {
  /** E.g. `Delete the secret billing_token?` */
  title: string;
  /** What it means, in a sentence. */
  children?: ReactNode;
  /** Reads what is affected, e.g. a dry run; the dialog waits for it. */
  load?: () => Promise<T>;
  /** Draws what was read. */
  affected?: (report: T) => ReactNode;
  /** The report says that it cannot be done. */
  refused?: (report: T) => boolean;
  confirmLabel?: string;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
  /** After it is done; before `onClose`. */
  onDone?: () => void;
  meta?: { done?: string; refreshes?: readonly string[] };
}

/** Deleting, with everything that it affects shown first. */
export function ConfirmDelete<T = never>(props: Props<T>) {
  const { title, load, affected, refused, onConfirm, onClose, onDone } = props;
  const report = useQuery({
    queryKey: ['confirm', title],
    queryFn: () => load?.() ?? Promise.resolve(null),
    enabled: load !== undefined,
    staleTime: 0,
    gcTime: 0,
  });
  const confirm = useMutation({
    mutationFn: onConfirm,
    ...(props.meta ? { meta: props.meta } : {}),
    onSuccess: () => {
      onDone?.();
      onClose();
    },
  });
  const data = report.data as T | null | undefined;
  const blocked = load !== undefined && (data == null || (refused?.(data) ?? false));
  return (
    <Modal opened onClose={onClose} title={title} size="lg">
      <Stack>
        {props.children && <Text component="div">{props.children}</Text>}
        {load && report.isPending && <LoadingRows rows={3} />}
        <ProblemAlert error={report.error} onRetry={() => void report.refetch()} />
        {data != null && affected?.(data)}
        <ProblemAlert error={confirm.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button color="red" disabled={blocked} loading={confirm.isPending} onClick={() => confirm.mutate()}>
            {props.confirmLabel ?? 'Delete'}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
