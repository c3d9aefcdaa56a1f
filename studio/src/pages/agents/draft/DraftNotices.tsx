import { Alert, Button, Group, List, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import IconUsers from '@tabler/icons-react/icons/IconUsers';
import { Link } from '@tanstack/react-router';
import { problemOf } from '~/api/problem';
import { pointerWords } from '~/parts/form';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { UnsavedOffer } from '~/parts/UnsavedOffer';
import { useBindingNames } from '../actions/useLinked';
import { ConflictDialog } from './ConflictDialog';
import { nameOf } from './differences';
import { SetAsideDialog } from './SetAsideDialog';
import { useDraft } from './useDraft';

/** What there is to say about the draft: not valid, changed by somebody else, typed text set aside. */
export function DraftNotices() {
  const desk = useDraft();
  const [comparing, compare] = useDisclosure(false);
  const [looking, look] = useDisclosure(false);
  const blocked = Object.keys(desk.texts);
  const problem = desk.saveError ? problemOf(desk.saveError) : undefined;
  return (
    <Stack
      gap="xs"
      mb={desk.theirs || problem || desk.setAside || desk.offer || blocked.length > 0 ? 'sm' : 0}
    >
      {desk.offer && (
        <UnsavedOffer at={desk.offer.at} onRestore={desk.takeOffer} onDiscard={desk.closeOffer} />
      )}
      {desk.theirs && (
        <Alert
          role="alert"
          color="yellow"
          variant="light"
          icon={<IconUsers aria-hidden />}
          title="Somebody else changed this draft in the meantime"
        >
          <Text size="sm">
            What you typed is still here. Look at the difference, then choose what to keep.
          </Text>
          <Button mt="xs" variant="default" onClick={compare.open}>
            Show the difference
          </Button>
        </Alert>
      )}
      {problem?.isStale ? null : <SaveProblem />}
      {blocked.length > 0 && (
        <Alert color="yellow" variant="light" title="Not saved yet: something is not complete">
          <Incomplete fields={blocked} />
        </Alert>
      )}
      {desk.setAside && (
        <Alert color="blue" variant="light" title="What you typed is set aside">
          <Text size="sm">{desk.setAside.why}</Text>
          <Group mt="xs" gap="xs">
            <Button variant="default" onClick={look.open}>
              Show it
            </Button>
            <Button variant="subtle" color="gray" onClick={desk.forgetSetAside}>
              Throw it away
            </Button>
          </Group>
        </Alert>
      )}
      {comparing && desk.theirs && <ConflictDialog onClose={compare.close} />}
      {looking && desk.setAside && <SetAsideDialog onClose={look.close} />}
    </Stack>
  );
}

/** The fields that are not complete, each leading to where it is. */
function Incomplete({ fields }: { fields: readonly string[] }) {
  const { values, agentId } = useDraft();
  const names = useBindingNames(values.actions);
  return (
    <List size="sm" className="plain-links">
      {fields.map((field) => {
        const [key = '', named = ''] = field.split('/');
        const what = named.replace(/#.*/, '');
        const state = /^state:(.*)$/.exec(key)?.[1];
        if (state !== undefined) {
          return (
            <List.Item key={field}>
              <Link to="/agents/$id" params={{ id: agentId }} search={{ tab: 'states', state }}>
                {what} of the state {state}
              </Link>
            </List.Item>
          );
        }
        const binding = values.actions.find((one) => one.key === key);
        return (
          <List.Item key={field}>
            <Link to="/agents/$id" params={{ id: agentId }} search={{ tab: 'actions', binding: key }}>
              {what} of {binding ? nameOf(binding, names) : key}
            </Link>
          </List.Item>
        );
      })}
    </List>
  );
}

/** Why the draft was not saved; each place leads to where it is edited. */
function SaveProblem() {
  const { saveError, values, agentId } = useDraft();
  if (!saveError) return null;
  const problem = problemOf(saveError);
  if (problem.errors.length === 0) return <ProblemAlert error={problem} />;
  return (
    <Alert color="red" variant="light" role="alert" title="Not saved: some of this is not valid yet">
      <List size="sm" className="plain-links">
        {problem.errors.map((one) => {
          const [, part = '', index = '', ...rest] = one.pointer.split('/');
          const where = pointerWords(`/${rest.join('/')}`);
          const binding = part === 'actions' ? values.actions[Number(index)] : undefined;
          const state = part === 'states' ? values.states[Number(index)] : undefined;
          return (
            <List.Item key={`${one.pointer}:${one.detail}`} className="wrap-anywhere">
              {binding ? (
                <Link
                  to="/agents/$id"
                  params={{ id: agentId }}
                  search={{ tab: 'actions', binding: binding.key }}
                >
                  {`Action ${binding.action?.name || Number(index) + 1}`}
                </Link>
              ) : state ? (
                <Link to="/agents/$id" params={{ id: agentId }} search={{ tab: 'states', state: state.name }}>
                  {`State ${state.name}`}
                </Link>
              ) : (
                pointerWords(`/${part}`)
              )}
              {where && ` › ${where}`}: {one.detail}
            </List.Item>
          );
        })}
      </List>
    </Alert>
  );
}
