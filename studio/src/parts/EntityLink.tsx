import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { actionOptions, agentOptions, integrationOptions } from '~/api/one';

interface Props {
  /** `integration`, `action`, `agent`, ... as the API calls it. */
  kind: string;
  id: string;
  name?: string | undefined;
}

/** A link to a thing by its kind and id; without a page of its own it is only named. */
export function EntityLink({ kind, id, name }: Props) {
  const label = name ?? shortId(id);
  switch (kind) {
    case 'integration':
      return (
        <Link to="/integrations/$id" params={{ id }}>
          {label}
        </Link>
      );
    case 'action':
      return (
        <Link to="/actions/$id" params={{ id }}>
          {label}
        </Link>
      );
    case 'agent':
      return (
        <Link to="/agents/$id" params={{ id }}>
          {label}
        </Link>
      );
    case 'secret':
      return (
        <Link to="/secrets" search={{ q: id }}>
          {label}
        </Link>
      );
    case 'variable':
      return (
        <Link to="/variables" search={{ q: id }}>
          {label}
        </Link>
      );
    default:
      return <span>{label}</span>;
  }
}

/** An id that people can tell from another: its kind and its end. */
export function shortId(id: string): string {
  return id.length > 20 ? `${id.slice(0, 4)}…${id.slice(-6)}` : id;
}

/** The same, when the name has to be asked for. */
export function NamedLink({ kind, id }: { kind: string; id: string }) {
  const kept = { staleTime: 60_000 };
  const integration = useQuery({ ...integrationOptions(id), ...kept, enabled: kind === 'integration' });
  const action = useQuery({ ...actionOptions(id), ...kept, enabled: kind === 'action' });
  const agent = useQuery({ ...agentOptions(id), ...kept, enabled: kind === 'agent' });
  return <EntityLink kind={kind} id={id} name={(integration.data ?? action.data ?? agent.data)?.name} />;
}
