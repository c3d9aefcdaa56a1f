import { useList } from '~/api/list';
import { shortId } from '~/parts/EntityLink';

/** Who did something: a member by name, or an API key. */
export function Who({ id }: { id: string }) {
  const isMember = id.startsWith('usr_');
  const members = useList('/api/v1/members', { all: true, enabled: isMember });
  if (isMember) return <span>{members.items.find((one) => one.id === id)?.name ?? 'a former member'}</span>;
  if (id.startsWith('key_')) return <span title={id}>API key {shortId(id)}</span>;
  return <span>{id}</span>;
}
