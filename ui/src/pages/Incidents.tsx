// The list of incidents, problems first; it looks for news by itself every five seconds.
import { Box, Button, chakra, Flex, Text } from "@chakra-ui/react";

import { type Counts, type IncidentPage, path } from "../api";
import { useRead } from "../lib/http";
import { type Query, useQuery } from "../lib/query";
import { STATES, wordOf } from "../domain/badges";
import { type Choice, Filters } from "../parts/Filters";
import { Frame } from "../parts/Frame";
import { Icon } from "../parts/Icon";
import { IncidentList } from "../domain/IncidentList";
import { Empty, Shown } from "../parts/states";

const SIZE = 50;
const OPEN = ["asked", "person", "taken", "healing", "waiting"] as const;
const same = (values: readonly string[] = []) => values.map((value) => [value, value] as const);
const SINCE = [["12h", "12 hours"], ["2d", "2 days"], ["7d", "7 days"], ["30d", "30 days"]] as const;
const NAMES = ["severity", "dag_id", "owner", "team", "category", "since"] as const;

const sum = (counts: Counts, names: readonly string[]) => names.reduce((all, name) => all + (counts[name] ?? 0), 0);

/** Which states are shown, with how many incidents each has. */
const States = ({ counts, query }: { counts: Counts; query: Query }) => {
  const chosen = query.get("state") || "open";
  const choices: [string, string, number][] = [
    ["open", "All open", sum(counts, OPEN)],
    ...OPEN.map((state) => [state, STATES[state][2], counts[state] ?? 0] as [string, string, number]),
    ["resolved", "Resolved", counts.resolved ?? 0],
    ["over", "Over", counts.over ?? 0],
    ["all", "All", sum(counts, Object.keys(counts))],
  ];
  return (
    <Flex role="group" aria-label="Where they stand" gap="1.5" mb="3" overflowX="auto" pb="1" mx={{ base: "-3", md: "0" }} px={{ base: "3", md: "0" }}>
      {choices.map(([name, word, count]) => (
        <Button
          key={name}
          size="xs"
          flexShrink="0"
          borderRadius="full"
          variant={chosen === name ? "solid" : "outline"}
          colorPalette={chosen === name ? "brand" : "gray"}
          aria-pressed={chosen === name}
          onClick={() => query.set({ state: name === "open" ? "" : name, cursor: "" })}
        >
          {word}
          <chakra.span fontVariantNumeric="tabular-nums" fontWeight="semibold">{count}</chakra.span>
        </Button>
      ))}
    </Flex>
  );
};

const None = ({ filtered, everything }: { filtered: boolean; everything: number }) =>
  filtered ? (
    <Empty icon="search" title="No incident fits these filters">
      Clear a filter, or look at all states.
    </Empty>
  ) : everything > 0 ? (
    <Empty title="Nothing is open">
      All {everything} incidents that you may read are over. They are listed under “All”.
    </Empty>
  ) : (
    <Empty title="No incidents">
      Nothing failed, or no Dag is enrolled. <code>[harness] enroll</code> says which Dags are enrolled; <code>airflow harness doctor</code> reports problems of the installation.
    </Empty>
  );

export const Incidents = () => {
  const query = useQuery();
  const given = Object.fromEntries(NAMES.map((name) => [name, query.get(name)]));
  const address = path("incidents", { state: query.get("state"), ...given, search: query.get("q"), cursor: query.get("cursor"), limit: SIZE });
  const list = useRead<IncidentPage>(address, 5);
  const choices: Choice[] = [
    { name: "severity", word: "Severity", values: ["critical", "high", "medium", "low"].map((name) => [name, wordOf(name)]) },
    { name: "dag_id", word: "Dag", values: same(list.data?.choices.dag_id) },
    { name: "owner", word: "Owner", values: same(list.data?.choices.owner) },
    { name: "team", word: "Team", values: same(list.data?.choices.team) },
    { name: "category", word: "Cause", values: (list.data?.choices.category ?? []).map((name) => [name, wordOf(name)]) },
    { name: "since", word: "Since", values: SINCE },
  ];
  const filtered = [...NAMES, "q"].some((name) => query.get(name)) || !["", "open", "all"].includes(query.get("state"));
  return (
    <Frame
      place="incidents"
      title="Incidents"
      aside={
        <Flex align="center" gap="1.5" fontSize="xs" color="fg.muted">
          <Icon name="refresh" /> Updates by itself
        </Flex>
      }
    >
      <Filters query={query} word="Search table, task, cause, id" choices={choices} />
      {list.data ? <States counts={list.data.counts.state} query={query} /> : null}
      <Shown of={list} what="the incidents" rows={6}>
        {(page) => (
          <Box>
            <Text aria-live="polite" srOnly>
              {page.total} {page.total === 1 ? "incident" : "incidents"}
            </Text>
            {page.rows.length > 0 ? (
              <IncidentList rows={page.rows} />
            ) : (
              <None filtered={filtered} everything={sum(page.counts.state, Object.keys(page.counts.state))} />
            )}
            {page.next_cursor || query.get("cursor") ? (
              <Flex as="nav" aria-label="Pages of the list" gap="3" align="center" justify="center" mt="4" fontSize="sm">
                <Button size="sm" variant="outline" disabled={!query.get("cursor")} onClick={() => query.set({ cursor: "" })}>
                  First page
                </Button>
                {page.total} {page.total === 1 ? "incident" : "incidents"}
                <Button size="sm" variant="outline" disabled={!page.next_cursor} onClick={() => query.set({ cursor: page.next_cursor ?? "" })}>
                  Next {SIZE}
                </Button>
              </Flex>
            ) : null}
          </Box>
        )}
      </Shown>
    </Frame>
  );
};
