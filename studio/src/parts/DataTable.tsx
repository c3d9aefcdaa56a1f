import { Button, Center, Text, VisuallyHidden } from '@mantine/core';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { memo, type ReactNode, useLayoutEffect, useRef, useState } from 'react';
import type { List } from '~/api/list';

export interface Column<T> {
  key: string;
  label: string;
  cell: (row: T) => ReactNode;
  /** The column that names the row; stands on top of its block when narrow. */
  lead?: boolean;
  end?: boolean;
  width?: string | number;
  /** The heading is only for screen readers. */
  quiet?: boolean;
}

interface Props<T> {
  label: string;
  columns: Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  /** For a `Load more` under it. */
  list?: Pick<List<T>, 'more' | 'loadingMore' | 'loadMore'>;
}

/** From this many rows on, only those in sight are drawn. */
const VIRTUAL_FROM = 150;

/** A table that becomes blocks at 390 px, and stays quick with 10,000 rows. */
export function DataTable<T>({ label, columns, rows, rowKey, list }: Props<T>) {
  const virtual = rows.length >= VIRTUAL_FROM;
  return (
    <>
      <div className="panel">
        <table className="rows" aria-label={label} aria-rowcount={rows.length}>
          <thead>
            <tr>
              {columns.map((column) => (
                <th
                  key={column.key}
                  scope="col"
                  className={column.end ? 'end' : undefined}
                  style={{ width: column.width }}
                >
                  {column.quiet ? <VisuallyHidden>{column.label}</VisuallyHidden> : column.label}
                </th>
              ))}
            </tr>
          </thead>
          {virtual ? (
            <VirtualBody columns={columns} rows={rows} rowKey={rowKey} />
          ) : (
            <tbody>
              {rows.map((row) => (
                <tr key={rowKey(row)}>
                  <Cells columns={columns} row={row} />
                </tr>
              ))}
            </tbody>
          )}
        </table>
      </div>
      {list?.more && (
        <Center mt="sm">
          <Button variant="default" loading={list.loadingMore} onClick={list.loadMore}>
            Load more
          </Button>
        </Center>
      )}
      {rows.length > 20 && !list?.more && (
        <Text size="xs" c="dimmed" ta="center" mt="xs">
          {rows.length.toLocaleString()} in all
        </Text>
      )}
    </>
  );
}

function PlainCells<T>({ columns, row }: { columns: Column<T>[]; row: T }): ReactNode {
  return columns.map((column) => (
    <td
      key={column.key}
      data-label={column.quiet ? '' : column.label}
      className={
        [column.lead && 'lead', column.end && 'end', column.quiet && 'quiet'].filter(Boolean).join(' ') ||
        undefined
      }
    >
      {column.cell(row)}
    </td>
  ));
}

/** Scrolling draws the rows that come in sight, and no other one again. */
const Cells = memo(PlainCells) as typeof PlainCells;

function VirtualBody<T>({ columns, rows, rowKey }: Pick<Props<T>, 'columns' | 'rows' | 'rowKey'>) {
  const body = useRef<HTMLTableSectionElement>(null);
  const [offset, setOffset] = useState(0);
  // What stands above it may come later and push it down: measured again whenever the document grows.
  useLayoutEffect(() => {
    const measure = () => setOffset((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => 42,
    overscan: 8,
    scrollMargin: offset,
  });
  const shown = virtualizer.getVirtualItems();
  const before = (shown[0]?.start ?? offset) - offset;
  const after = virtualizer.getTotalSize() - ((shown.at(-1)?.end ?? offset) - offset);
  return (
    <tbody ref={body}>
      {before > 0 && <tr aria-hidden style={{ height: before, padding: 0 }} />}
      {shown.map((item) => {
        const row = rows[item.index];
        return row === undefined ? null : (
          <tr
            key={rowKey(row)}
            data-index={item.index}
            ref={virtualizer.measureElement}
            aria-rowindex={item.index + 1}
          >
            <Cells columns={columns} row={row} />
          </tr>
        );
      })}
      {after > 0 && <tr aria-hidden style={{ height: after, padding: 0 }} />}
    </tbody>
  );
}
