// One table: how its slices turned out, its numbers against what is usual, its contract, where it is from, what was set aside.
import { Box, chakra, Flex, Grid, Stack, Table as Rows, Text } from "@chakra-ui/react";
import type { ReactNode } from "react";
import { useParams } from "react-router-dom";

import { path, type Table as Whole, type Typical } from "../api";
import { useRead } from "../lib/http";
import { useQuery } from "../lib/query";
import { length, sliceName } from "../lib/time";
import { ResultBadge, Tag, wordOf } from "../domain/badges";
import { Card, Part } from "../parts/Card";
import { Command } from "../parts/Command";
import { Facts } from "../parts/Facts";
import { Frame, HOME } from "../parts/Frame";
import { IncidentList } from "../domain/IncidentList";
import { incidentAddress, To } from "../domain/links";
import { Age, Moment } from "../parts/Moment";
import { Empty, Shown } from "../parts/states";
import { TabBar } from "../parts/TabBar";
import { Lineage } from "../plots/Lineage";
import { Series } from "../plots/Series";
import { Legend, SliceGrid } from "../plots/SliceGrid";
import { Freshness } from "./Tables";
import { Scroll } from "../parts/Scroll";

const Slices = ({ of }: { of: Whole }) =>
  of.grid.slices.length === 0 ? (
    <Empty icon="table" title="No gate has checked a slice yet" /> 
  ) : (
    <>
      <Legend />
      <SliceGrid grid={of.grid} />
    </>
  );

const Metrics = ({ of }: { of: Whole }) =>
  of.metrics.length === 0 ? (
    <Empty icon="activity" title="The store has no numbers of this table">
      The store keeps the number of every check that measures one; a check of kind <code>anomaly</code> adds the expected band.
    </Empty>
  ) : (
    <>
      <Text fontSize="xs" color="fg.muted" mb="3">
        The band is the range expected from earlier slices; a diamond is a number outside of it.
      </Text>
      <Grid templateColumns={{ base: "minmax(0, 1fr)", lg: "repeat(2, minmax(0, 1fr))", "2xl": "repeat(3, minmax(0, 1fr))" }} gap="6">
        {of.metrics.map((metric) => (
          <Series key={metric.check} of={metric} />
        ))}
      </Grid>
    </>
  );

const UNKNOWN = "not known";
const percent = (share: number | null) => (share === null ? UNKNOWN : `${(share * 100).toFixed(1)} %`);
const took = (of: Typical | null, unit: string) =>
  of === null ? UNKNOWN : `${of.median.toLocaleString("en")} ${unit}, 95 of 100 within ${of.p95.toLocaleString("en")}`;

const Figures = ({ of: { kpis } }: { of: Whole }) =>
  kpis === null ? (
    <Empty icon="activity" title="No gate has looked at a slice yet">
      How fresh the table is, how its quality goes and how long each stage takes is counted of its gates.
    </Empty>
  ) : (
    <>
      <Text fontSize="xs" color="fg.muted" mb="3">
        Of the newest {kpis.slices} {kpis.slices === 1 ? "slice" : "slices"}.
      </Text>
      <Facts
        of={[
          ["Newest slice", sliceName(kpis.newest)],
          ["It ended", kpis.age_hours === null ? UNKNOWN : `${length(kpis.age_hours * 3600)} ago`],
          ["Checks passed", `${percent(kpis.passed)} in the newer half, ${percent(kpis.passed_before)} in the older half`],
          ["Unusual", `${kpis.unusual} of ${kpis.slices} slices have an unusual number`],
          ["Blocked", `${kpis.blocked} of ${kpis.slices} slices`],
          ["Judged after", took(kpis.arrival_minutes, "minutes from a slice's end")],
          ...Object.entries(kpis.stages).map(([name, spread]): [string, ReactNode] => [name, took(spread, "ms")]),
        ]}
      />
    </>
  );

const Columns = ({ of }: { of: NonNullable<Whole["contract"]> }) => (
  <Scroll label="Columns" framed>
    <Rows.Root size="sm">
      <Rows.Header>
        <Rows.Row>
          {["Column", "Type", "Must be there", "Class", "Meaning"].map((head) => (
            <Rows.ColumnHeader key={head}>{head}</Rows.ColumnHeader>
          ))}
        </Rows.Row>
      </Rows.Header>
      <Rows.Body>
        {of.columns.map((column) => (
          <Rows.Row key={column.name} verticalAlign="top">
            <Rows.Cell fontWeight="medium">
              {column.name} {column.key ? <Tag>key</Tag> : null}
            </Rows.Cell>
            <Rows.Cell>
              <code>{column.type || column.logical}</code>
            </Rows.Cell>
            <Rows.Cell>{column.required ? "yes" : "–"}</Rows.Cell>
            <Rows.Cell>{column.classification ? <Tag palette={column.shown ? "gray" : "orange"}>{column.classification}</Tag> : "–"}</Rows.Cell>
            <Rows.Cell minW="180px" overflowWrap="anywhere">
              {column.description}
            </Rows.Cell>
          </Rows.Row>
        ))}
      </Rows.Body>
    </Rows.Root>
  </Scroll>
);

const History = ({ of }: { of: Whole }) => (
  <>
    {of.versions.length > 0 ? (
      <Part title="Versions of the contract, newest first">
        <Stack as="ol" role="list" gap="3" fontSize="sm">
          {of.versions.map((version, index) => (
            <Box as="li" key={`${version.version} ${index}`}>
              <Text fontWeight="medium">
                {version.version}{" "}
                <chakra.span color="fg.muted" fontWeight="normal">
                  since <Moment at={version.first_at} form="minute" />
                </chakra.span>
              </Text>
              <Box as="ul" role="list">
                {version.changes.map((change, at) => (
                  <Flex as="li" key={at} gap="2" align="baseline">
                    <Tag palette={change.breaking ? "red" : "gray"}>{change.breaking ? "breaking" : "compatible"}</Tag>
                    <Text overflowWrap="anywhere">
                      <code>{change.where}</code> {change.what}
                    </Text>
                  </Flex>
                ))}
              </Box>
            </Box>
          ))}
        </Stack>
      </Part>
    ) : null}
    {of.schema_changes.length > 0 ? (
      <Part title="Changes of the source's schema that were noticed">
        <Stack gap="3" fontSize="sm">
          {of.schema_changes.map((change) => (
            <Box key={`${change.incident} ${change.at}`}>
              <Text overflowWrap="anywhere">
                <Moment at={change.at} form="minute" /> {change.sentence} <To to={incidentAddress(change.incident)}>Incident</To>
              </Text>
              {change.ddl.length > 0 ? <Command text={change.ddl.join("\n")} what="the DDL" /> : null}
            </Box>
          ))}
        </Stack>
      </Part>
    ) : null}
  </>
);

const Contract = ({ of }: { of: Whole }) => {
  const { contract } = of;
  if (!contract)
    return (
      <>
        <Empty icon="database" title="The contract cannot be read here">
          The gates name contract {of.row.contract || "none"}; its file is not among those that the server knows.
        </Empty>
        <History of={of} />
      </>
    );
  return (
    <>
      <Facts
        of={[
          ["Contract", `${contract.name || contract.id} ${contract.version}`],
          contract.status !== "" && ["Status", <Tag key="s">{contract.status}</Tag>],
          contract.description !== "" && ["About", contract.description],
          of.row.file !== "" && ["File", <code key="f">{of.row.file}</code>],
          contract.owner.team !== "" && ["Team", [contract.owner.team, ...contract.owner.members].join(", ")],
          contract.owner.channels.length > 0 && ["Reached by", contract.owner.channels.join(", ")],
          contract.consumers.length > 0 && ["Read by", contract.consumers.map((consumer) => <Text key={consumer.name}>{consumer.name}{consumer.purpose ? `: ${consumer.purpose}` : ""}</Text>)],
          contract.slas.length > 0 && ["Promises", contract.slas.map((sla) => <Text key={sla}>{sla}</Text>)],
          contract.why_unknown !== "" && ["Not known", contract.why_unknown],
        ]}
      />
      {contract.columns.length > 0 ? (
        <Part title="Columns">
          <Columns of={contract} />
        </Part>
      ) : null}
      {contract.checks.length > 0 ? (
        <Part title="Checks">
          <Stack as="ul" role="list" gap="1" fontSize="sm">
            {contract.checks.map((check) => (
              <Flex as="li" key={check.id} gap="2" align="baseline">
                <Tag palette={check.severity === "error" ? "red" : "gray"}>{check.severity}</Tag>
                <Text overflowWrap="anywhere">
                  <code>{check.id}</code> {check.words}
                </Text>
              </Flex>
            ))}
          </Stack>
        </Part>
      ) : null}
      <History of={of} />
    </>
  );
};

const SetAside = ({ of: { quarantine } }: { of: Whole }) => {
  if (!quarantine.possible)
    return (
      <Empty icon="shield" title="No row of this table can be set aside">
        Its contract does not allow it: a slice with failing rows is blocked as a whole. To allow it, set <code>harness.malformedRows</code> in the contract.
      </Empty>
    );
  if (quarantine.slices.length === 0) return <Empty title="No rows are set aside">Failing rows would be in {quarantine.table}.</Empty>;
  const names = [...new Set(quarantine.samples.flatMap(({ row }) => Object.keys(row)))];
  return (
    <>
      <Scroll label="Slices with rows set aside">
        <Rows.Root size="sm">
          <Rows.Header>
            <Rows.Row>
              <Rows.ColumnHeader>Slice</Rows.ColumnHeader>
              <Rows.ColumnHeader textAlign="end">Rows</Rows.ColumnHeader>
              <Rows.ColumnHeader>Since</Rows.ColumnHeader>
              <Rows.ColumnHeader>By these checks</Rows.ColumnHeader>
            </Rows.Row>
          </Rows.Header>
          <Rows.Body>
            {quarantine.slices.map((slice) => (
              <Rows.Row key={slice.slice}>
                <Rows.Cell title={slice.slice}>{sliceName(slice.slice)}</Rows.Cell>
                <Rows.Cell textAlign="end">{slice.rows.toLocaleString("en")}</Rows.Cell>
                <Rows.Cell>
                  <Moment at={slice.at} form="minute" />
                </Rows.Cell>
                <Rows.Cell overflowWrap="anywhere">{slice.checks.join(", ")}</Rows.Cell>
              </Rows.Row>
            ))}
          </Rows.Body>
        </Rows.Root>
      </Scroll>
      {quarantine.samples.length > 0 ? (
        <Part title="Some of the rows, masked as the contract says">
          <Scroll label="Rows set aside" framed maxH="360px">
            <Rows.Root size="sm" stickyHeader>
              <Rows.Header>
                <Rows.Row>
                  <Rows.ColumnHeader>Check</Rows.ColumnHeader>
                  {names.map((name) => (
                    <Rows.ColumnHeader key={name}>{name}</Rows.ColumnHeader>
                  ))}
                </Rows.Row>
              </Rows.Header>
              <Rows.Body>
                {quarantine.samples.map(({ check, row }, index) => (
                  <Rows.Row key={index}>
                    <Rows.Cell whiteSpace="nowrap">{check}</Rows.Cell>
                    {names.map((name) => (
                      <Rows.Cell key={name} fontFamily="mono" fontSize="xs" whiteSpace="nowrap">
                        {row[name] === null || row[name] === undefined ? "NULL" : String(row[name])}
                      </Rows.Cell>
                    ))}
                  </Rows.Row>
                ))}
              </Rows.Body>
            </Rows.Root>
          </Scroll>
        </Part>
      ) : null}
      <Part title="To list all of them, and to release them after the cause is fixed">
        <Command text={[quarantine.list, quarantine.release].filter(Boolean).join("\n")} what="the commands" />
      </Part>
    </>
  );
};

const VIEWS: readonly (readonly [name: string, word: string, title: string, body: (props: { of: Whole }) => ReactNode])[] = [
  ["", "Slices", "Slices by checks", Slices],
  ["numbers", "Numbers", "Numbers of the checks", Metrics],
  ["figures", "Key figures", "Freshness, quality and time", Figures],
  ["contract", "Contract", "Contract and schema", Contract],
  ["lineage", "Lineage", "Its sources and the tables made from it", ({ of }) => (of.lineage.nodes.length > 0 ? <Lineage graph={of.lineage} label={`Lineage of ${of.row.table}`} about={of.row.table} /> : <Empty icon="activity" title="No lineage is known">Operators of the harness tell it with each run.</Empty>)],
  ["quarantine", "Set aside", "Rows that were set aside", SetAside],
  ["incidents", "Incidents", "Incidents of this table", ({ of }) => (of.incidents.length > 0 ? <IncidentList rows={of.incidents} /> : <Empty title="No incident of this table" />)],
];

const Body = ({ of }: { of: Whole }) => {
  const query = useQuery();
  const chosen = query.get("view");
  const [, , title, View] = VIEWS.find(([name]) => name === chosen) ?? VIEWS[0] ?? ["", "", "", Slices];
  const { row } = of;
  const counts: Record<string, number> = { quarantine: row.quarantined, incidents: row.incidents.length };
  return (
    <Stack gap="4">
      <Grid templateColumns={{ base: "repeat(2, minmax(0, 1fr))", md: "repeat(4, minmax(0, 1fr))" }} gap="4" fontSize="sm">
        {(
          [
            ["Freshness", <Freshness key="f" of={row.freshness} />],
            ["Last slice", <><Text fontWeight="medium">{sliceName(row.last_slice) || "–"}</Text>{row.published_at ? <Text fontSize="xs" color="fg.muted">published <Age at={row.published_at} short /> ago</Text> : null}</>],
            ["Last gate", row.gate ? <><ResultBadge result={row.gate.decision} /><Text fontSize="xs" color="fg.muted">{row.gate.rows.toLocaleString("en")} rows</Text></> : "–"],
            ["Readiness", <><Text fontWeight="medium">{row.readiness ? wordOf(row.readiness) : "–"}</Text><Text fontSize="xs" color="fg.muted">{[row.owner, row.criticality].filter(Boolean).join(" · ")}</Text></>],
          ] as const
        ).map(([word, value]) => (
          <Box key={word} borderWidth="1px" borderColor="border" borderRadius="md" px="3" py="2">
            <Text fontSize="xs" color="fg.muted" mb="1">
              {word}
            </Text>
            {value}
          </Box>
        ))}
      </Grid>
      <TabBar label="Views of the table" chosen={chosen} choose={(name) => query.set({ view: name })} of={VIEWS.map(([name, word]) => [name, word, counts[name] ?? 0])} />
      <Card title={title}>
        <View of={of} />
      </Card>
    </Stack>
  );
};

export const Table = () => {
  const { name = "" } = useParams();
  const query = useQuery();
  const table = useRead<Whole>(path("table", { name, conn_id: query.get("conn_id"), slices: 30 }), 30);
  return (
    <Frame place="tables" title={name} back={[`${HOME}/tables`, "All tables"]}>
      <Shown of={table} what={`table ${name}`} rows={6}>
        {(of) => <Body of={of} />}
      </Shown>
    </Frame>
  );
};
