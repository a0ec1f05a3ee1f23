// How well the harness does, over time and by team, and whether its own parts run.
import { Box, Flex, Grid, Stack, Table, Text } from "@chakra-ui/react";
import type { ReactNode } from "react";

import { type Health as Whole, path } from "../api";
import { useRead } from "../lib/http";
import { length } from "../lib/time";
import { useQuery } from "../lib/query";
import { OutcomeBadge, wordOf } from "../domain/badges";
import { Card } from "../parts/Card";
import { Filters } from "../parts/Filters";
import { Frame } from "../parts/Frame";
import { Icon } from "../parts/Icon";
import { incidentAddress, To } from "../domain/links";
import { Age, Moment } from "../parts/Moment";
import { Shown } from "../parts/states";
import { type Day, Days, type Part } from "../plots/Days";
import { Scroll } from "../parts/Scroll";

const SINCE = [["7d", "7 days"], ["30d", "30 days"], ["90d", "90 days"]] as const;
const PERCENT = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });

const time = (seconds: number | null): string => (seconds === null ? "–" : length(seconds));

/** What stands below a median. */
const within = ({ p95 }: Whole["verdict_seconds"]): string => (p95 === null ? "none yet" : `median; 95 % within ${length(p95)}`);

const Figure = ({ name, value, more }: { name: string; value: ReactNode; more?: ReactNode }) => (
  <Box borderWidth="1px" borderColor="border" borderRadius="md" px="3" py="2.5" minW="0">
    <Text fontSize="xs" color="fg.muted">
      {name}
    </Text>
    <Text fontSize="xl" fontWeight="semibold" fontVariantNumeric="tabular-nums" lineHeight="1.4">
      {value}
    </Text>
    <Text fontSize="xs" color="fg.muted">
      {more}
    </Text>
  </Box>
);

const Numbers = ({ of }: { of: Whole }) => {
  const promises = of.promises.kept + of.promises.broken;
  return (
    <Grid templateColumns={{ base: "repeat(2, minmax(0, 1fr))", md: "repeat(4, minmax(0, 1fr))", "2xl": "repeat(8, minmax(0, 1fr))" }} gap="3">
      <Figure name="Time to a verdict" value={time(of.verdict_seconds.median)} more={within(of.verdict_seconds)} />
      <Figure name="Time to recovery" value={time(of.recovery_seconds.median)} more={within(of.recovery_seconds)} />
      <Figure name="Incidents" value={of.incidents.toLocaleString("en")} more={`of ${of.failures.toLocaleString("en")} failures`} />
      <Figure name="Verified heals" value={of.heals} more={of.false_heals === 0 ? "no false heal" : `${of.false_heals} false: the data were not well`} />
      <Figure name="Escalated" value={of.escalations} more={`${of.questions.asked} asked, ${of.questions.approved} approved`} />
      <Figure name="Pages sent" value={of.pages.sent} more={`${of.pages.saved.toLocaleString("en")} saved: same cause`} />
      <Figure name="Promises kept" value={promises ? PERCENT.format(of.promises.kept / promises) : "–"} more={promises ? `${of.promises.kept} of ${promises}` : "none was due"} />
      <Figure name="Cost of models" value={`${of.model.cost_usd.toFixed(2)} USD`} more={`${of.model.calls} calls`} />
    </Grid>
  );
};

const Parts = ({ of }: { of: Whole["alive"] }) => (
  <Stack as="ul" role="list" gap="2.5" fontSize="sm">
    {of.map((part) => (
      <Flex as="li" key={part.part} gap="2" align="baseline">
        <Box position="relative" top="2px" color={part.ok === false ? "failed.fg" : part.ok ? "fg.success" : "fg.muted"}>
          <Icon name={part.ok === false ? "alert" : part.ok ? "check" : "question"} label={part.ok === false ? "not well" : part.ok ? "well" : "not known"} />
        </Box>
        <Box minW="0">
          <Text as="span" fontWeight="medium">
            {wordOf(part.part)}:
          </Text>{" "}
          <Text as="span" overflowWrap="anywhere">
            {part.text}
          </Text>
          {part.last ? (
            <Text fontSize="xs" color="fg.muted">
              last seen <Age at={part.last} /> ago
            </Text>
          ) : null}
        </Box>
      </Flex>
    ))}
  </Stack>
);

const Budget = ({ name, used, most }: { name: string; used: number; most: number | null }) => (
  <Box fontSize="sm">
    <Flex justify="space-between" gap="2">
      <Text>{name}</Text>
      <Text fontVariantNumeric="tabular-nums">
        {used.toFixed(2)} {most === null ? "USD, no limit" : `of ${most.toFixed(2)} USD`}
      </Text>
    </Flex>
    {most ? (
      <Box height="6px" borderRadius="full" bg="bg.emphasized" mt="1" role="img" aria-label={`${PERCENT.format(Math.min(1, used / most))} used`}>
        <Box height="100%" borderRadius="full" width={`${Math.min(100, (used / most) * 100)}%`} bg={used > most * 0.8 ? "failed.solid" : "brand.solid"} />
      </Box>
    ) : null}
  </Box>
);

const Outcomes = ({ of }: { of: Whole["outcomes"] }) => {
  const known = Object.entries(of).filter(([, count]) => count > 0);
  if (known.length === 0) return <Text fontSize="sm" color="fg.muted">No incident has ended in this time.</Text>;
  return (
    <Flex gap="3" wrap="wrap">
      {known.map(([name, count]) => (
        <Flex key={name} gap="1.5" align="center" fontSize="sm">
          <OutcomeBadge outcome={name} />
          <Text fontWeight="semibold">{count}</Text>
        </Flex>
      ))}
    </Flex>
  );
};

const ENDED: readonly Part[] = [
  { name: "healed", word: "Healed", palette: "success" },
  { name: "escalated", word: "Escalated", palette: "failed", pattern: "lines" },
  { name: "other", word: "Other", palette: "none", pattern: "dots" },
];
const PAGES: readonly Part[] = [
  { name: "pages", word: "Sent", palette: "failed", pattern: "lines" },
  { name: "saved", word: "Saved", palette: "success" },
];
const one = (name: string, word: string): readonly Part[] => [{ name, word, palette: "brand" }];

/** Every day of the time, also those on which nothing happened. */
const everyDay = ({ since, until, days }: Whole): Whole["days"] => {
  const known = new Map(days.map((day) => [day.day, day]));
  const nothing = { opened: 0, healed: 0, escalated: 0, other: 0, pages: 0, saved: 0, cost_usd: 0, verdict_median: null, recovery_median: null };
  const made: Whole["days"] = [];
  for (const at = new Date(since); at <= new Date(until) && made.length < 400; at.setUTCDate(at.getUTCDate() + 1)) {
    const day = at.toISOString().slice(0, 10);
    made.push(known.get(day) ?? { day, ...nothing });
    known.delete(day);
  }
  return [...made, ...known.values()];
};

/** Days with other units, such as minutes. */
const over = (days: Whole["days"], name: "verdict_median" | "recovery_median", divide: number): Day[] =>
  days.map((day) => ({ day: day.day, values: { value: day[name] === null ? null : day[name] / divide } }));

const plain = (days: Whole["days"]): Day[] => days.map(({ day, ...values }) => ({ day, values }));

const Teams = ({ of }: { of: Whole["by_team"] }) => (
  <Scroll label="Teams">
    <Table.Root size="sm">
      <Table.Header>
        <Table.Row>
          {["Team", "Incidents", "Healed", "Escalated", "Pages", "Recovery, median"].map((head, index) => (
            <Table.ColumnHeader key={head} textAlign={index ? "end" : undefined}>
              {head}
            </Table.ColumnHeader>
          ))}
        </Table.Row>
      </Table.Header>
      <Table.Body>
        {of.map((team) => (
          <Table.Row key={team.team}>
            <Table.Cell fontWeight="medium">{team.team || "without a team"}</Table.Cell>
            {[team.incidents, team.healed, team.escalated, team.pages, time(team.recovery_median)].map((value, index) => (
              <Table.Cell key={index} textAlign="end" fontVariantNumeric="tabular-nums" whiteSpace="nowrap">
                {value}
              </Table.Cell>
            ))}
          </Table.Row>
        ))}
      </Table.Body>
    </Table.Root>
  </Scroll>
);

const Body = ({ of }: { of: Whole }) => {
  const each = everyDay(of);
  const days = plain(each);
  return (
    <Stack gap="4">
      <Numbers of={of} />
      <Grid templateColumns={{ base: "minmax(0, 1fr)", xl: "minmax(0, 2fr) minmax(0, 1fr)" }} gap="4" alignItems="start">
        <Stack gap="4" minW="0">
          <Card title="Over time" icon="activity">
            <Grid templateColumns={{ base: "minmax(0, 1fr)", lg: "repeat(2, minmax(0, 1fr))" }} gap="6">
              <Days title="How incidents ended" days={days} parts={ENDED} />
              <Days title="Pages" days={days} parts={PAGES} />
              <Days title="Time to a verdict, median, s" days={over(each, "verdict_median", 1)} parts={one("value", "Median")} unit="s" />
              <Days title="Time to recovery, median, min" days={over(each, "recovery_median", 60)} parts={one("value", "Median")} unit="min" />
              <Days title="Cost of models" days={days} parts={one("cost_usd", "Cost")} unit="USD" />
              <Days title="Incidents that began" days={days} parts={one("opened", "Began")} />
            </Grid>
          </Card>
          {of.by_team.length > 0 ? (
            <Card title="By team" icon="user" flush>
              <Teams of={of.by_team} />
            </Card>
          ) : null}
        </Stack>
        <Stack gap="4" minW="0">
          <Card title="Does the harness run?" icon="shield">
            <Parts of={of.alive} />
          </Card>
          <Card title="How they ended" icon="check">
            <Outcomes of={of.outcomes} />
          </Card>
          <Card title="Model and budgets" icon="database">
            <Stack gap="3">
              <Text fontSize="sm">{of.model.name ? <>Model <code>{of.model.name}</code></> : "No model is configured: the rules diagnose."}</Text>
              <Budget name="Today" used={of.model.today_usd} most={of.model.per_day_usd} />
              {of.model.per_incident_usd === null ? null : (
                <Text fontSize="sm" color="fg.muted">
                  At most {of.model.per_incident_usd.toFixed(2)} USD for one incident.
                </Text>
              )}
            </Stack>
          </Card>
          <Card title="Stopped by the breaker" icon="ban">
            {of.breaker.stopped.length === 0 ? (
              <Text fontSize="sm" color="fg.muted">
                Nothing. The breaker stops acts after {of.breaker.limit} acts in one day that did not heal.
              </Text>
            ) : (
              <Stack as="ul" role="list" gap="2" fontSize="sm">
                {of.breaker.stopped.map((item) => (
                  <Box as="li" key={`${item.incident} ${item.at}`} overflowWrap="anywhere">
                    <Moment at={item.at} form="minute" /> {item.why} <To to={incidentAddress(item.incident)}>Incident</To>
                  </Box>
                ))}
              </Stack>
            )}
          </Card>
        </Stack>
      </Grid>
    </Stack>
  );
};

export const Health = () => {
  const query = useQuery();
  const health = useRead<Whole>(path("health", { since: query.get("since") || "30d", team: query.get("team") }), 30);
  const teams = (health.data?.teams ?? []).map((team) => [team, team] as const);
  return (
    <Frame place="health" title="Health">
      <Filters query={query} choices={[{ name: "since", word: "Over", initial: "30d", values: SINCE }, { name: "team", word: "Team", values: teams }]} />
      <Shown of={health} what="the health" rows={6}>
        {(of) => <Body of={of} />}
      </Shown>
    </Frame>
  );
};
