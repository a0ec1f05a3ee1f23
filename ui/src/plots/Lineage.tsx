// Tables and how they are made of each other, drawn; every box leads to its table, every column shows its whole way.
import { Box, Button, chakra, Flex, Text } from "@chakra-ui/react";
import { type KeyboardEvent, useMemo, useState } from "react";
import { useNavigate } from "react-router-dom";

import type { Graph } from "../api";
import { incidentAddress, tableAddress, To } from "../domain/links";
import { type Box as Place, curve, drawn, lineOf, reach } from "./layout";
import { px } from "./scale";
import { useWidth } from "./useWidth";

const [Svg, G, Rect, Path, Words] = [chakra("svg"), chakra("g"), chakra("rect"), chakra("path"), chakra("text")];
const NARROW = 560;

const stateOf = ({ node }: Place, about: string): readonly [palette: string, sign: string, word: string] => {
  if (node.open_incidents.length > 0) return ["failed", "!", "has open incidents"];
  if (about) return node.table === about ? ["brand", "", "this table"] : ["none", "", ""];
  if (node.root) return ["failed", "!", "where it began"];
  if (node.hurt) return ["up_for_retry", "~", "hurt by it"];
  return ["none", "", ""];
};

type Chosen = { column: string; set: Set<string> } | null;
type BoxProps = { place: Place; about: string; chosen: Chosen; choose: (column: string) => void; open: () => void };

const keys = (act: () => void) => (event: KeyboardEvent) => {
  if (event.key !== "Enter" && event.key !== " ") return;
  event.preventDefault();
  act();
};

const Table = ({ place, about, chosen, choose, open }: BoxProps) => {
  const [palette, sign, word] = stateOf(place, about);
  const { node } = place;
  const leads = node.table !== "";
  const under = word || (node.namespace.split("://")[0] ?? "");
  return (
    <G transform={`translate(${place.x},${place.y})`} colorPalette={palette}>
      <Rect width={px(place.width)} height={px(place.height)} rx="6" fill="bg" stroke={word ? "colorPalette.solid" : "border.emphasized"} strokeWidth={word ? 2 : 1} />
      <G
        role={leads ? "link" : undefined}
        tabIndex={leads ? 0 : undefined}
        aria-label={leads ? `${node.table}${word ? `, ${word}` : ""}` : undefined}
        cursor={leads ? "pointer" : undefined}
        onClick={leads ? open : undefined}
        onKeyDown={leads ? keys(open) : undefined}
        _focusVisible={{ outline: "2px solid", outlineColor: "brand.focusRing" }}
      >
        <title>{`${node.name}\n${node.namespace}`}</title>
        <Rect width={px(place.width)} height="44px" rx="6" fill="transparent" />
        <Words x="12" y="19" fontSize="12px" fontWeight="600" fill="fg">
          {place.label}
        </Words>
        <Words x="12" y="35" fontSize="11px" fill={word ? "colorPalette.fg" : "fg.muted"}>
          {sign ? `${sign} ` : ""}
          {under}
        </Words>
      </G>
      {place.columns.map((column) => {
        const id = `${node.id}|${column}`;
        const lit = chosen?.set.has(id);
        return (
          <G key={column} role="button" tabIndex={0} aria-pressed={chosen?.column === id} aria-label={`Column ${column} of ${place.label}`} cursor="pointer" opacity={chosen && !lit ? 0.35 : 1} onClick={() => choose(id)} onKeyDown={keys(() => choose(id))} _focusVisible={{ outline: "2px solid", outlineColor: "brand.focusRing" }}>
            <Rect x="1" y={lineOf(place, column) - 10} width={px(place.width - 2)} height="20px" fill={lit ? "bg.emphasized" : "transparent"} />
            <Words x="12" y={lineOf(place, column) + 4} fontSize="11px" fontFamily="mono" fill="fg" fontWeight={lit ? "600" : undefined}>
              {column.length > 32 ? `${column.slice(0, 31)}…` : column}
            </Words>
          </G>
        );
      })}
    </G>
  );
};

const ends = (from: Place, to: Place, column: { from_column: string; to_column: string }) => {
  const [a, b] = [from.y + lineOf(from, column.from_column), to.y + lineOf(to, column.to_column)];
  const backwards = from.x > to.x;
  return curve(
    [
      { x: backwards ? from.x : from.x + from.width, y: a },
      { x: backwards ? to.x + to.width : to.x, y: b },
    ],
    false,
  );
};

/** The same in words, for who does not see it and for who wants to copy it. */
const InWords = ({ graph }: { graph: Graph }) => {
  const names = new Map(graph.nodes.map((node) => [node.id, node.table || node.name]));
  return (
    <Box as="details" fontSize="sm" mt="2">
      <Text as="summary" cursor="pointer" color="fg.muted">
        In words
      </Text>
      <Box as="ul" role="list" mt="1">
        {graph.edges.map((edge, index) => (
          <Text as="li" key={index} overflowWrap="anywhere">
            {names.get(edge.source)} → {names.get(edge.target)}
            {edge.task ? ` by ${edge.task}` : ""}
            {edge.columns.length > 0 ? `: ${edge.columns.map((column) => `${column.from_column} → ${column.to_column}`).join(", ")}` : ""}
          </Text>
        ))}
        {graph.nodes.flatMap((node) =>
          node.open_incidents.map((id) => (
            <Text as="li" key={id}>
              <To to={incidentAddress(id)}>Open incident of {node.table || node.name}</To>
            </Text>
          )),
        )}
      </Box>
    </Box>
  );
};

/** `about`: the table whose surroundings are drawn; without it, what an incident hurts. */
export const Lineage = ({ graph, label, about = "" }: { graph: Graph; label: string; about?: string }) => {
  const [element, width] = useWidth<HTMLDivElement>();
  const [columns, setColumns] = useState(false);
  const [column, setColumn] = useState("");
  const navigate = useNavigate();
  const down = width > 0 && width < NARROW && !columns;
  const picture = useMemo(() => drawn(graph, { down, columns }), [graph, down, columns]);
  const chosen = useMemo(() => (column ? { column, set: reach(graph, column) } : null), [graph, column]);
  const places = new Map(picture.boxes.map((box) => [box.id, box]));
  const hasColumns = graph.edges.some((edge) => edge.columns.length > 0);
  return (
    <Box ref={element}>
      {hasColumns ? (
        <Flex gap="2" mb="2" align="center" wrap="wrap">
          <Button size="xs" variant="outline" aria-pressed={columns} onClick={() => setColumns(!columns)}>
            {columns ? "Tables only" : "Show columns"}
          </Button>
          {columns ? (
            <Text fontSize="xs" color="fg.muted">
              Choose a column to see its sources and the columns made from it.
            </Text>
          ) : null}
        </Flex>
      ) : null}
      <Box overflow="auto" maxH="560px" borderWidth="1px" borderColor="border" borderRadius="sm" tabIndex={0} role="group" aria-label={label}>
        <Svg width={px(picture.width)} height={px(picture.height)} minWidth={px(picture.width)} mx="auto" display="block" fontFamily="body">
          <defs>
            <marker id="harness-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
              <path d="M0 0 8 4 0 8z" style={{ fill: "var(--chakra-colors-fg-muted)" }} />
            </marker>
          </defs>
          {columns && hasColumns
            ? graph.edges.flatMap((edge, index) => {
                const [from, to] = [places.get(edge.source), places.get(edge.target)];
                if (!from || !to) return [];
                return edge.columns.map((item) => {
                  const lit = chosen ? chosen.set.has(`${edge.source}|${item.from_column}`) && chosen.set.has(`${edge.target}|${item.to_column}`) : false;
                  return (
                    <Path key={`${index} ${item.from_column} ${item.to_column}`} d={ends(from, to, item)} fill="none" stroke={lit ? "brand.solid" : "border.emphasized"} strokeWidth={lit ? 2 : 1} opacity={chosen && !lit ? 0.3 : 1} strokeDasharray={item.masking ? "4 3" : undefined}>
                      <title>{`${item.from_column} → ${item.to_column}${item.how ? `, ${item.how.toLowerCase()}` : ""}${item.masking ? ", masked" : ""}`}</title>
                    </Path>
                  );
                });
              })
            : picture.lines.map((line) => (
                <Path key={`${line.source} ${line.target} ${line.task}`} d={curve(line.points, down)} fill="none" stroke="fg.muted" strokeWidth="1.2" markerEnd="url(#harness-arrow)">
                  <title>{line.task || "a task that you may not read"}</title>
                </Path>
              ))}
          {picture.boxes.map((place) => (
            <Table key={place.id} place={place} about={about} chosen={chosen} choose={(id) => setColumn(id === column ? "" : id)} open={() => void navigate(tableAddress(place.node.table))} />
          ))}
        </Svg>
      </Box>
      {graph.cut ? (
        <Text fontSize="xs" color="fg.muted" mt="1">
          There is more than is drawn; open a table to go on from there.
        </Text>
      ) : null}
      <InWords graph={graph} />
    </Box>
  );
};
