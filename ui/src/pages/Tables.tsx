// Every table that gates know: whether it can be relied on now.
import { Box, Button, Flex, Table, Text } from "@chakra-ui/react";

import { path, type TablePage, type TableRow } from "../api";
import { useRead } from "../lib/http";
import { useQuery } from "../lib/query";
import { sliceName } from "../lib/time";
import { ResultBadge, Tag, wordOf } from "../domain/badges";
import { type Choice, Filters } from "../parts/Filters";
import { Frame } from "../parts/Frame";
import { Icon } from "../parts/Icon";
import { tableAddress, To } from "../domain/links";
import { Age, Left } from "../parts/Moment";
import { Empty, Shown } from "../parts/states";
import { Trend } from "../plots/Trend";
import { Scroll } from "../parts/Scroll";
import { STACKED } from "../parts/stacked";

const SIZE = 50;
const choices = (owners: readonly string[]): readonly Choice[] => [
  { name: "readiness", word: "Readiness", values: ["gold", "silver", "bronze"].map((name) => [name, wordOf(name)]) },
  { name: "owner", word: "Owner", values: owners.map((name) => [name, name]) },
  { name: "problem", word: "Incidents", values: [["true", "Open ones"]] },
];

export const Freshness = ({ of }: { of: TableRow["freshness"] }) => {
  if (!of) return <Text color="fg.muted">No promise</Text>;
  return (
    <Box>
      {of.late ? (
        <Flex gap="1" align="center" color="failed.fg" fontWeight="semibold">
          <Icon name="alert" /> Late
        </Flex>
      ) : of.at_risk ? (
        <Flex gap="1" align="center" color="awaiting_input.fg" fontWeight="semibold">
          <Icon name="clock" /> At risk
        </Flex>
      ) : (
        <Flex gap="1" align="center" color="fg.success">
          <Icon name="check" /> In time
        </Flex>
      )}
      <Text fontSize="xs" color="fg.muted">
        {of.words}
        {of.due_at && !of.late ? (
          <>
            {", "}
            <Left at={of.due_at} past="due" />
          </>
        ) : null}
      </Text>
    </Box>
  );
};

const Row = ({ row }: { row: TableRow }) => (
  <Table.Row verticalAlign="top">
    <Table.Cell minW="180px">
      <To to={tableAddress(row.table, row.conn_id)}>{row.table}</To>
      <Text fontSize="xs" color="fg.muted" overflowWrap="anywhere">
        {[row.owner, row.criticality, row.conn_id].filter(Boolean).join(" · ")}
      </Text>
    </Table.Cell>
    <Table.Cell data-label="Readiness" data-short="">{row.readiness ? <Tag palette={row.readiness === "gold" ? "yellow" : "gray"}>{wordOf(row.readiness)}</Tag> : "–"}</Table.Cell>
    <Table.Cell data-label="Last slice">
      <Text whiteSpace="nowrap">{sliceName(row.last_slice) || "–"}</Text>
      {row.published_at ? (
        <Text fontSize="xs" color="fg.muted">
          published <Age at={row.published_at} short /> ago
        </Text>
      ) : null}
    </Table.Cell>
    <Table.Cell minW="150px" data-label="Freshness">
      <Freshness of={row.freshness} />
    </Table.Cell>
    <Table.Cell data-label="Last gate">
      {row.gate ? (
        <>
          <ResultBadge result={row.gate.decision} />
          <Text fontSize="xs" color="fg.muted" mt="0.5">
            {row.gate.failed.length > 0 ? row.gate.failed.slice(0, 2).join(", ") + (row.gate.failed.length > 2 ? ` and ${row.gate.failed.length - 2} more` : "") : <><Age at={row.gate.at} short /> ago</>}
          </Text>
        </>
      ) : (
        "–"
      )}
    </Table.Cell>
    <Table.Cell data-label="Trend">
      <Trend of={row.trend} />
    </Table.Cell>
    <Table.Cell data-label="Set aside" data-short="" textAlign="end" fontVariantNumeric="tabular-nums">
      {row.quarantined || "–"}
    </Table.Cell>
    <Table.Cell data-label="Incidents" data-short="" textAlign="end">
      {row.incidents.length > 0 ? (
        <Flex gap="1" align="center" justify={{ base: "flex-start", md: "flex-end" }} color="failed.fg" fontWeight="semibold">
          <Icon name="alert" /> {row.incidents.length}
        </Flex>
      ) : (
        "–"
      )}
    </Table.Cell>
  </Table.Row>
);

const HEADS = [["Table"], ["Readiness"], ["Last slice"], ["Freshness"], ["Last gate"], ["Trend"], ["Set aside", "end"], ["Incidents", "end"]] as const;

export const Tables = () => {
  const query = useQuery();
  const list = useRead<TablePage>(
    path("tables", { search: query.get("q"), readiness: query.get("readiness"), owner: query.get("owner"), problem: query.get("problem"), cursor: query.get("cursor"), limit: SIZE }),
    15,
  );
  return (
    <Frame place="tables" title="Tables">
      <Filters query={query} word="Search table, owner, Dag" choices={choices(list.data?.owners ?? [])} />
      <Shown of={list} what="the tables" rows={6}>
        {(page) =>
          page.rows.length === 0 ? (
            <Empty icon="table" title={query.text ? "No table fits these filters" : "No table is known yet"}>
              {query.text ? "Clear a filter." : "A table appears here after a gate of the harness has checked a slice of it: run a Dag that loads or validates under a contract."}
            </Empty>
          ) : (
            <>
              <Scroll label="Tables" framed>
                <Table.Root size="sm" interactive minW={{ md: "900px" }} css={STACKED}>
                  <Table.Header>
                    <Table.Row bg="bg.muted">
                      {HEADS.map(([word, align]) => (
                        <Table.ColumnHeader key={word} textAlign={align}>
                          {word}
                        </Table.ColumnHeader>
                      ))}
                    </Table.Row>
                  </Table.Header>
                  <Table.Body>
                    {page.rows.map((row) => (
                      <Row key={`${row.table} ${row.conn_id}`} row={row} />
                    ))}
                  </Table.Body>
                </Table.Root>
              </Scroll>
              {page.next_cursor || query.get("cursor") ? (
                <Flex as="nav" aria-label="Pages of the list" gap="3" align="center" justify="center" mt="4" fontSize="sm">
                  <Button size="sm" variant="outline" disabled={!query.get("cursor")} onClick={() => query.set({ cursor: "" })}>
                    First page
                  </Button>
                  {page.total} {page.total === 1 ? "table" : "tables"}
                  <Button size="sm" variant="outline" disabled={!page.next_cursor} onClick={() => query.set({ cursor: page.next_cursor ?? "" })}>
                    Next {SIZE}
                  </Button>
                </Flex>
              ) : null}
            </>
          )
        }
      </Shown>
    </Frame>
  );
};
