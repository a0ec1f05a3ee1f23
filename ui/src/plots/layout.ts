// Where the boxes of a graph of tables stand, by dagre; columns are lines within a box.
import { Graph as Dagre, layout } from "@dagrejs/dagre";

import type { Graph } from "../api";

export type Box = {
  id: string;
  label: string;
  node: Graph["nodes"][number];
  columns: string[];
  x: number; // of the left upper corner
  y: number;
  width: number;
  height: number;
};
export type Line = { source: string; target: string; task: string; points: { x: number; y: number }[] };
export type Drawn = { boxes: Box[]; lines: Line[]; width: number; height: number; down: boolean };

const [HEAD, ROW, MARGIN] = [44, 20, 8];
const LETTER = 7.5; // pixels of an average letter of 12 pixels
const [NARROWEST, WIDEST] = [120, 280];

const short = (text: string, most: number) => (text.length > most ? `…${text.slice(1 - most)}` : text);

/** Columns of each table that the edges name, in the order in which they come. */
const columnsOf = (graph: Graph): Map<string, string[]> => {
  const found = new Map<string, Set<string>>(graph.nodes.map(({ id }) => [id, new Set()]));
  graph.edges.forEach((edge) =>
    edge.columns.forEach((column) => {
      found.get(edge.source)?.add(column.from_column);
      found.get(edge.target)?.add(column.to_column);
    }),
  );
  return new Map([...found].map(([id, names]) => [id, [...names].sort()]));
};

type At = { x: number; y: number; width: number; height: number };

/** From the middle of a side to the middle of the other's, by the points between them. */
const way = (from: unknown, edge: unknown, to: unknown, down: boolean): Line["points"] => {
  const [a, b] = [from as At, to as At];
  const [first, last] = down
    ? [{ x: a.x, y: a.y + a.height / 2 }, { x: b.x, y: b.y - b.height / 2 }]
    : [{ x: a.x + a.width / 2, y: a.y }, { x: b.x - b.width / 2, y: b.y }];
  const between = (edge as { points: Line["points"] }).points.slice(1, -1);
  return [first, ...(between.length > 1 ? between : []), last];
};

/** :param down: from top to bottom, for narrow screens. */
export const drawn = (graph: Graph, { down, columns }: { down: boolean; columns: boolean }): Drawn => {
  const within = columns ? columnsOf(graph) : new Map<string, string[]>();
  const engine = new Dagre();
  engine.setGraph({ rankdir: down ? "TB" : "LR", nodesep: 18, ranksep: down ? 36 : 64, marginx: MARGIN, marginy: MARGIN });
  engine.setDefaultEdgeLabel(() => ({}));
  const sized = graph.nodes.map((node) => {
    const names = within.get(node.id) ?? [];
    const longest = Math.max(node.table.length || node.name.length, ...names.map((name) => name.length));
    const width = Math.min(WIDEST, Math.max(NARROWEST, longest * LETTER + 26));
    const label = short(node.table || node.name, Math.floor((width - 26) / LETTER));
    return { id: node.id, node, label, columns: names, width, height: HEAD + names.length * ROW + (names.length ? 6 : 0) };
  });
  sized.forEach(({ id, width, height }) => engine.setNode(id, { width, height }));
  const known = new Set(graph.nodes.map(({ id }) => id));
  const edges = graph.edges.filter(({ source, target }) => known.has(source) && known.has(target) && source !== target);
  edges.forEach(({ source, target }) => engine.setEdge(source, target));
  layout(engine);
  const { width = 0, height = 0 } = engine.graph() as { width?: number; height?: number };
  return {
    boxes: sized.map((box) => {
      const at = engine.node(box.id) as { x: number; y: number };
      return { ...box, x: at.x - box.width / 2, y: at.y - box.height / 2 };
    }),
    lines: edges.map(({ source, target, task }) => ({ source, target, task, points: way(engine.node(source), engine.edge(source, target), engine.node(target), down) })),
    width: Math.max(0, width),
    height: Math.max(0, height),
    down,
  };
};

/** Height of a column's line within its box, in pixels from the box's top. */
export const lineOf = (box: Box, column: string): number => HEAD + box.columns.indexOf(column) * ROW + ROW / 2;

/** A smooth way through points. */
export const curve = (points: readonly { x: number; y: number }[], down: boolean): string => {
  const [first, ...rest] = points;
  if (!first) return "";
  let before = first;
  const parts = [`M${first.x},${first.y}`];
  rest.forEach((point) => {
    const [mx, my] = [(before.x + point.x) / 2, (before.y + point.y) / 2];
    parts.push(down ? `C${before.x},${my} ${point.x},${my} ${point.x},${point.y}` : `C${mx},${before.y} ${mx},${point.y} ${point.x},${point.y}`);
    before = point;
  });
  return parts.join(" ");
};

/** Every column from which the given one is made, and that is made of it; a column is `node|name`. */
export const reach = (graph: Graph, start: string): Set<string> => {
  const [up, down] = [new Map<string, string[]>(), new Map<string, string[]>()];
  const add = (map: Map<string, string[]>, key: string, value: string) => map.set(key, [...(map.get(key) ?? []), value]);
  graph.edges.forEach((edge) =>
    edge.columns.forEach((column) => {
      const [from, to] = [`${edge.source}|${column.from_column}`, `${edge.target}|${column.to_column}`];
      add(down, from, to);
      add(up, to, from);
    }),
  );
  const found = new Set([start]);
  [up, down].forEach((map) => {
    const waiting = [start];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
      (map.get(next) ?? []).forEach((item) => {
        if (!found.has(item)) {
          found.add(item);
          waiting.push(item);
        }
      });
  });
  return found;
};
