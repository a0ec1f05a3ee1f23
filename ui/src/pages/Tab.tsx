// What the harness knows of a Dag, a run, a task or a task instance: its incidents, what gates found, what is done about it.
import { Box, Flex, Stack, Text } from "@chakra-ui/react";
import { useParams } from "react-router-dom";

import { type AboutTask, type GateOfTask, type IncidentPage, path } from "../api";
import { useRead } from "../lib/http";
import { useQuery } from "../lib/query";
import { ResultBadge } from "../domain/badges";
import { Card } from "../parts/Card";
import { Facts } from "../parts/Facts";
import { IncidentList } from "../domain/IncidentList";
import { tableAddress, To } from "../domain/links";
import { Moment } from "../parts/Moment";
import { Empty, Shown } from "../parts/states";
import { TabBar } from "../parts/TabBar";
import { Toasts } from "../parts/toaster";

export type TabProps = { dagId?: string; runId?: string; taskId?: string; mapIndex?: string };
type Of = { dag_id: string; run_id: string; task_id: string; map_index: string };

const Incidents = ({ of }: { of: Of }) => (
  <Shown of={useRead<IncidentPage>(path("incidents", { ...of, state: "all", limit: 50 }), 10)} what="its incidents" rows={3}>
    {({ rows }) => (rows.length > 0 ? <IncidentList rows={rows} /> : <Empty title="No incident">The harness knows of no failure here.</Empty>)}
  </Shown>
);

const Gate = ({ of }: { of: GateOfTask }) => {
  const failed = of.checks.filter((check) => !check.passed);
  return (
    <Card title={of.table} aside={<ResultBadge result={of.decision} />}>
      <Text fontSize="sm" color="fg.muted" mb="2">
        Slice {of.day || of.slice} · {of.gate} · {of.rows.toLocaleString("en")} rows · <Moment at={of.measured_at} /> · <To to={tableAddress(of.table)}>Table</To>
      </Text>
      <Stack as="ul" role="list" gap="1" fontSize="sm">
        {failed.map((check) => (
          <Flex as="li" key={check.id} gap="2" align="baseline" wrap="wrap">
            <ResultBadge result={check.error ? "error" : check.severity === "error" ? "failed" : "warning"} />
            <Text overflowWrap="anywhere">
              {check.id}
              {check.error ? `: ${check.error}` : check.value === null ? "" : `: ${check.value.toLocaleString("en")}`}
              {check.share === null ? "" : ` (${(check.share * 100).toFixed(2)} % of rows)`}
            </Text>
          </Flex>
        ))}
        <Text as="li" color="fg.muted">
          {of.checks.length - failed.length} of {of.checks.length} checks passed
        </Text>
      </Stack>
    </Card>
  );
};

const Checks = ({ of }: { of: Of }) => (
  <Shown of={useRead<{ gates: GateOfTask[] }>(path("checks", of), 15)} what="its checks" rows={3}>
    {({ gates }) =>
      gates.length > 0 ? (
        <Stack gap="3">
          {gates.map((gate, index) => (
            <Gate key={index} of={gate} />
          ))}
        </Stack>
      ) : (
        <Empty icon="shield" title="No gate of the harness has run here">
          Operators of the harness that load or validate under a contract have a gate.
        </Empty>
      )
    }
  </Shown>
);

const tables = (names: readonly string[]) => names.map((name) => <Box key={name}><To to={tableAddress(name)}>{name}</To></Box>);

const Explain = ({ of }: { of: Of }) => (
  <Shown of={useRead<AboutTask>(path("explain", { dag_id: of.dag_id, task_id: of.task_id }))} what="what the harness does about it" rows={3}>
    {(about) => (
      <Card title="What the harness does about it" icon="shield">
        <Stack gap="1" fontSize="sm" mb="3">
          {about.lines.map((line, index) => (
            <Text key={index} overflowWrap="anywhere">
              {line}
            </Text>
          ))}
        </Stack>
        <Facts
          of={[
            ["Mode", about.mode],
            about.reads.length > 0 && ["Reads", tables(about.reads)],
            about.writes.length > 0 && ["Writes", tables(about.writes)],
            about.tables.length > 0 && ["Under contract", tables(about.tables)],
          ]}
        />
        {about.last_incident ? (
          <Box mt="4">
            <IncidentList rows={[about.last_incident]} />
          </Box>
        ) : null}
      </Card>
    )}
  </Shown>
);

const VIEWS = [["", "Incidents"], ["checks", "Checks"], ["explain", "Explain"]] as const;

export const Tab = ({ dagId, runId, taskId, mapIndex }: TabProps) => {
  const query = useQuery();
  const params = useParams();
  const of = { dag_id: dagId ?? params.dagId ?? "", run_id: runId ?? "", task_id: taskId ?? "", map_index: mapIndex ?? "" };
  const view = query.get("harness");
  return (
    <Box p="3" height="100%" overflowY="auto" data-harness="tab">
      <Box mb="3">
        <TabBar label="Harness" chosen={view} choose={(name) => query.set({ harness: name })} of={VIEWS} />
      </Box>
      {view === "checks" ? <Checks of={of} /> : view === "explain" ? <Explain of={of} /> : <Incidents of={of} />}
      <Toasts />
    </Box>
  );
};
