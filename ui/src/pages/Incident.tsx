// One incident, to be read from top to bottom: what broke for whom, what is asked, why, what was decided, what happened.
import { Box, Flex, Grid, Stack, Text } from "@chakra-ui/react";
import { useParams } from "react-router-dom";

import { type Incident as Whole, incidentPath } from "../api";
import { useRead } from "../lib/http";
import { length, sliceName } from "../lib/time";
import { SeverityMark, StateBadge, Tag, titleOf, wordOf } from "../domain/badges";
import { Card } from "../parts/Card";
import { Facts } from "../parts/Facts";
import { Frame, HOME } from "../parts/Frame";
import { tableAddress, TaskLink, To } from "../domain/links";
import { Age, Left, Moment } from "../parts/Moment";
import { Shown } from "../parts/states";
import { Lineage } from "../plots/Lineage";
import { Conversation, Drafts, Failed, Record, SameCause, Similar } from "./incident/Around";
import { ToDo } from "./incident/Asked";
import { Cause } from "./incident/Cause";
import { Decided, Verified } from "./incident/Decided";
import { GateChecks } from "./incident/GateChecks";
import { SchemaDiff } from "./incident/SchemaDiff";
import { Timeline } from "./incident/Timeline";

const Head = ({ of }: { of: Whole }) => {
  const { row } = of;
  const ended = row.resolved_at ?? row.closed_at;
  return (
    <Card title="What broke" icon="alert">
      <Facts
        of={[
          ["What", row.tables.length > 0 ? row.tables.map((name) => <Box key={name}><To to={tableAddress(name)}>{name}</To></Box>) : <TaskLink key="t" task={row} />],
          row.slices.length > 0 && [row.slices.length === 1 ? "Slice" : "Slices", row.slices.slice(0, 6).map(sliceName).join(", ") + (row.slices.length > 6 ? ` and ${row.slices.length - 6} more` : "")],
          ["For whom", of.whom.length > 0 ? of.whom.map((line) => <Text key={line}>{line}</Text>) : "Nobody is known"],
          ["Since", <span key="s"><Moment at={row.opened_at} /> (<Age at={row.opened_at} /> ago)</span>],
          ended !== null && !row.open && ["Ended", <span key="e"><Moment at={ended} /> (after {length((new Date(ended).getTime() - new Date(row.opened_at).getTime()) / 1000)})</span>],
          row.promise && ["Promise", <span key="p">{row.promise.words}: <Left at={row.promise.due_at} past="broken" /></span>],
          (row.owners.length > 0 || row.teams.length > 0) && ["Whose", [...row.teams, ...row.owners].join(", ")],
        ]}
      />
    </Card>
  );
};

const Body = ({ of, again }: { of: Whole; again: () => Promise<void> }) => (
  <>
    <Flex gap="3" align="center" wrap="wrap" mb="4" mt="-2" aria-live="polite">
      <StateBadge row={of.row} />
      <SeverityMark severity={of.row.severity} />
      {of.row.category ? <Tag>{wordOf(of.row.category)}</Tag> : null}
      <Text fontSize="xs" color="fg.muted" fontFamily="mono" overflowWrap="anywhere">
        {of.row.id}
      </Text>
    </Flex>
    <Grid templateColumns={{ base: "minmax(0, 1fr)", xl: "minmax(0, 1.7fr) minmax(0, 1fr)" }} gap="4" alignItems="start">
      <Stack gap="4" minW="0">
        <Head of={of} />
        <ToDo of={of} again={again} />
        <Cause of={of} />
        {of.gate ? <GateChecks gate={of.gate} /> : null}
        {of.schema ? <SchemaDiff schema={of.schema} /> : null}
        <Decided of={of} />
        <Verified of={of} />
        {of.lineage.nodes.length > 0 ? (
          <Card title="From the root cause to the affected tables" icon="activity">
            <Lineage graph={of.lineage} label="Lineage of the affected tables" />
          </Card>
        ) : null}
        <Conversation of={of} />
        <Drafts of={of.drafts} />
      </Stack>
      <Stack gap="4" minW="0">
        <Card title="What happened" icon="clock">
          <Timeline of={of.timeline} />
        </Card>
        <Failed of={of.broke} />
        <SameCause of={of.same_cause.filter((item) => !(item.dag_id === of.row.dag_id && item.run_id === of.row.run_id && item.task_id === of.row.task_id))} />
        <Similar of={of.similar} />
        <Record of={of} />
      </Stack>
    </Grid>
  </>
);

export const Incident = () => {
  const { id = "" } = useParams();
  const incident = useRead<Whole>(incidentPath(id), 3);
  return (
    <Frame place="incidents" title={incident.data ? titleOf(incident.data.row) : `Incident ${id}`} back={[`${HOME}/incidents`, "All incidents"]}>
      <Shown of={incident} what={`incident ${id}`} rows={8}>
        {(of) => <Body of={of} again={incident.again} />}
      </Shown>
    </Frame>
  );
};
