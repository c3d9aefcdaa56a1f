import { useComputedColorScheme } from '@mantine/core';
import {
  Background,
  Controls,
  type Edge,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  type ReactFlowInstance,
  useNodesState,
} from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import { useEffect, useMemo, useRef } from 'react';
import { useDraft } from '../draft/useDraft';
import { isAllowedIn, setTransition } from './edit';
import { layoutStates } from './layout';

interface StateData extends Record<string, unknown> {
  name: string;
  initial: boolean;
  anywhere: boolean;
  actions: string;
  selected: boolean;
  onOpen: (name: string) => void;
}

type StateNode = Node<StateData, 'state'>;

interface Props {
  selected: string | undefined;
  onSelect: (name: string) => void;
}

const FIT = { maxZoom: 1, padding: 0.15 };
const NODE_TYPES = { state: StateBox };

/** The states as a graph: click one to edit it, draw from one to another for a transition. */
export default function StateGraph({ selected, onSelect }: Props) {
  const { values, change, readOnly } = useDraft();
  const colorMode = useComputedColorScheme('light');
  const wanted = useMemo<StateNode[]>(() => {
    const places = layoutStates(values.states, values.initial_state);
    return values.states.map((state) => {
      const callable = values.actions.filter((one) => isAllowedIn(one, state.name)).length;
      return {
        id: state.name,
        type: 'state',
        position: places.get(state.name) ?? { x: 0, y: 0 },
        data: {
          name: state.name,
          initial: values.initial_state === state.name,
          anywhere: state.transitions === undefined,
          actions: values.strict_states ? `${callable} ${callable === 1 ? 'action' : 'actions'}` : '',
          selected: state.name === selected,
          onOpen: onSelect,
        },
      };
    });
  }, [values, selected, onSelect]);
  const [nodes, setNodes, onNodesChange] = useNodesState<StateNode>(wanted);
  // What was dragged stays where it is while the states are the same.
  useEffect(() => {
    setNodes((now) => {
      const old = new Map(now.map((node) => [node.id, node]));
      const places = wanted.filter((node, index) => !old.has(node.id) && now[index]?.id !== node.id).length;
      // One of them may have another name.
      const sameStates = now.length === wanted.length && places <= 1;
      return wanted.map((node, index) => {
        const before = old.get(node.id) ?? (sameStates ? now[index] : undefined);
        return {
          ...node,
          ...(sameStates ? { position: before?.position ?? node.position } : {}),
          ...(before?.measured ? { measured: before.measured } : {}),
        };
      });
    });
  }, [wanted, setNodes]);
  const flow = useRef<ReactFlowInstance<StateNode>>(null);
  const isNarrow = selected !== undefined;
  // The graph has another height beside an open editor.
  // biome-ignore lint/correctness/useExhaustiveDependencies: when that changes.
  useEffect(() => {
    const timer = setTimeout(() => void flow.current?.fitView(FIT), 60);
    return () => clearTimeout(timer);
  }, [isNarrow, values.states.length]);
  const edges = useMemo<Edge[]>(
    () =>
      values.states.flatMap((state) =>
        (state.transitions ?? [])
          .filter((to) => values.states.some((other) => other.name === to))
          .map((to) => ({
            id: `${state.name}→${to}`,
            source: state.name,
            target: to,
            type: 'smoothstep',
            markerEnd: { type: MarkerType.ArrowClosed },
            ariaLabel: `From ${state.name} to ${to}`,
          })),
      ),
    [values.states],
  );
  const setEdge = (from: string, to: string, on: boolean) =>
    change((now) => ({
      ...now,
      states: now.states.map((state) => (state.name === from ? setTransition(state, to, on) : state)),
    }));
  return (
    <div className="panel state-graph">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        onNodesChange={onNodesChange}
        onConnect={({ source, target }) => setEdge(source, target, true)}
        onEdgesDelete={(gone) => {
          for (const edge of gone) setEdge(edge.source, edge.target, false);
        }}
        nodesConnectable={!readOnly}
        edgesFocusable={!readOnly}
        nodesFocusable={false}
        elementsSelectable
        deleteKeyCode={readOnly ? null : ['Delete', 'Backspace']}
        onBeforeDelete={async ({ edges: chosen }) => ({ nodes: [], edges: chosen })}
        colorMode={colorMode}
        fitView
        fitViewOptions={FIT}
        onInit={(instance) => {
          flow.current = instance;
        }}
        minZoom={0.2}
        aria-label="Graph of the states"
      >
        <Background gap={20} />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

function StateBox({ data }: NodeProps<StateNode>) {
  const notes = [data.initial && 'initial', data.anywhere && 'goes anywhere', data.actions].filter(Boolean);
  return (
    <div className="state-box" data-selected={data.selected || undefined}>
      <Handle type="target" position={Position.Left} />
      <button type="button" onClick={() => data.onOpen(data.name)} aria-pressed={data.selected}>
        <span className="state-name">{data.name}</span>
        <span className="state-notes">{notes.join(' · ') || ' '}</span>
      </button>
      <Handle type="source" position={Position.Right} />
    </div>
  );
}
