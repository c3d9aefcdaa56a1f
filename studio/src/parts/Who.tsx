import { useNames } from '~/api/names';
import { shortId } from './EntityLink';

/** Who did something: a member or an API key, by name where it is known. */
export function Who({ id }: { id: string }) {
  const names = useNames();
  return <span title={id}>{names.get(id) ?? whoWithoutName(id)}</span>;
}

export function whoWithoutName(id: string): string {
  if (id.startsWith('usr_')) return 'a former member';
  if (id.startsWith('key_')) return `API key ${shortId(id)}`;
  return id;
}
