// The rules as they decide, a verdict explained, another policy tried on the past, and the autonomy that was earned.
import { Box, Button, Field, Flex, Grid, Input, NativeSelect, Stack, Table, Text, Textarea } from "@chakra-ui/react";
import { useState } from "react";

import { type Autonomy, type AutonomyRow, type Done, type Explained, path, type Policy as Whole, type Simulated } from "../api";
import { CallError, send, useRead } from "../lib/http";
import { useQuery } from "../lib/query";
import { ResultBadge, Tag, wordOf } from "../domain/badges";
import { Card, Part } from "../parts/Card";
import { Command } from "../parts/Command";
import { Confirm } from "../parts/Confirm";
import { Frame } from "../parts/Frame";
import { incidentAddress, To } from "../domain/links";
import { Moment } from "../parts/Moment";
import { Rules } from "../domain/Rules";
import { Empty, Shown } from "../parts/states";
import { TabBar } from "../parts/TabBar";
import { toaster } from "../parts/toaster";
import { Interval, percent } from "../plots/Interval";
import { Scroll } from "../parts/Scroll";
import { STACKED } from "../parts/stacked";

const limits = (rule: Whole["rules"][number]): string =>
  [rule.per_incident === null ? "" : `${rule.per_incident} an incident`, rule.per_dag_per_day === null ? "" : `${rule.per_dag_per_day} a Dag and day`].filter(Boolean).join(", ");

const AllRules = ({ of }: { of: Whole }) => (
  <Card title={`Version ${of.version}, ${of.file === "packaged" ? "as it comes with the package" : of.file}`} icon="shield" flush>
    <Text fontSize="sm" color="fg.muted" px="4" pb="3">
      The first rule that names the act and whose conditions all hold decides. No such rule, an unknown fact, a limit that is used up and a rule that fails all mean: refuse.
    </Text>
    <Scroll label="Rules">
      <Table.Root size="sm" minW={{ md: "760px" }} css={STACKED}>
        <Table.Header>
          <Table.Row>
            {["", "Rule", "Verdict", "Act", "When", "Limit", "Reason"].map((head) => (
              <Table.ColumnHeader key={head}>{head || <Box as="span" srOnly>Number</Box>}</Table.ColumnHeader>
            ))}
          </Table.Row>
        </Table.Header>
        <Table.Body>
          {of.rules.map((rule, index) => (
            <Table.Row key={rule.id} verticalAlign="top">
              <Table.Cell color="fg.muted" textAlign="end" hideBelow="md">
                {index + 1}
              </Table.Cell>
              <Table.Cell fontWeight="medium">
                {rule.id}
                {rule.finding ? (
                  <Text fontSize="xs" color="awaiting_input.fg" fontWeight="normal">
                    {rule.finding}
                  </Text>
                ) : null}
              </Table.Cell>
              <Table.Cell>
                <ResultBadge result={rule.verdict} />
              </Table.Cell>
              <Table.Cell data-label="Act">
                <code>{rule.action}</code>
              </Table.Cell>
              <Table.Cell data-label="When">
                {rule.when.length > 0 ? rule.when.map((line) => <Text key={line} fontFamily="mono" fontSize="xs" overflowWrap="anywhere">{line}</Text>) : <Text color="fg.muted">always</Text>}
              </Table.Cell>
              <Table.Cell data-label="Limit">{limits(rule) || "–"}</Table.Cell>
              <Table.Cell minW="160px" data-label="Reason">{rule.reason}</Table.Cell>
            </Table.Row>
          ))}
        </Table.Body>
      </Table.Root>
    </Scroll>
    <Box as="details" px="4" py="3" fontSize="sm">
      <Text as="summary" cursor="pointer" color="fg.muted" mb="2">
        The file
      </Text>
      <Command text={of.text} what="the policy" />
    </Box>
  </Card>
);

type FactProps = { fact: Whole["facts"][number]; value: string; set: (value: string) => void };

const FactField = ({ fact, value, set }: FactProps) => {
  const choices = fact.values ?? (fact.type === "yes/no" ? ["true", "false"] : null);
  return (
    <Field.Root>
      <Field.Label fontSize="xs" title={fact.meaning}>
        {wordOf(fact.name)}
      </Field.Label>
      {choices ? (
        <NativeSelect.Root size="sm">
          <NativeSelect.Field value={value} onChange={(event) => set(event.currentTarget.value)}>
            <option value="">not known</option>
            {choices.map((choice) => (
              <option key={choice} value={choice}>
                {choice}
              </option>
            ))}
          </NativeSelect.Field>
          <NativeSelect.Indicator />
        </NativeSelect.Root>
      ) : (
        <Input size="sm" value={value} placeholder="not known" inputMode={fact.type === "number" ? "numeric" : undefined} onChange={(event) => set(event.currentTarget.value)} />
      )}
    </Field.Root>
  );
};

const Verdict = ({ address }: { address: string }) => {
  const explained = useRead<Explained>(address);
  return (
    <Shown of={explained} what="the verdict" rows={3}>
      {(of) => (
        <Box aria-live="polite">
          <Flex gap="3" align="center" mb="2" wrap="wrap">
            <ResultBadge result={of.verdict} />
            <Text fontSize="sm" fontWeight="medium">
              {of.reason} {of.rule ? <>(rule <code>{of.rule}</code>)</> : null}
            </Text>
          </Flex>
          {of.was ? (
            <Text fontSize="sm" color="fg.muted" mb="2">
              It was then: {of.was.verdict} by {of.was.rule || "no rule"}. {of.was.reason}
            </Text>
          ) : null}
          <Rules rules={of.rules} others={of.others} />
        </Box>
      )}
    </Shown>
  );
};

/** Which facts stand in the form lies in the query: an explanation can be sent to somebody. */
const Explain = ({ of }: { of: Whole }) => {
  const query = useQuery();
  const action = query.get("action") || (of.actions[0]?.name ?? "");
  const facts = new Map(query.all("fact").map((text) => [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)] as const));
  const set = (name: string, value: string) => {
    const made = new Map(facts).set(name, value);
    query.set({ fact: [...made].filter(([, one]) => one).map(([key, one]) => `${key}=${one}`) });
  };
  const about = of.actions.find(({ name }) => name === action);
  return (
    <Grid templateColumns={{ base: "minmax(0, 1fr)", xl: "minmax(0, 1fr) minmax(0, 1fr)" }} gap="4" alignItems="start">
      <Card title="The act to judge" icon="question">
        <Field.Root mb="3">
          <Field.Label fontSize="xs">Act</Field.Label>
          <NativeSelect.Root size="sm">
            <NativeSelect.Field value={action} onChange={(event) => query.set({ action: event.currentTarget.value })}>
              {of.actions.map(({ name }) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </NativeSelect.Field>
            <NativeSelect.Indicator />
          </NativeSelect.Root>
          <Field.HelperText>
            {about?.what} {about ? `Risk: ${about.risk}.` : ""}
          </Field.HelperText>
        </Field.Root>
        <Part title="Facts; a condition on a fact that is not given fails">
          <Grid templateColumns={{ base: "minmax(0, 1fr)", sm: "repeat(2, minmax(0, 1fr))" }} gap="3">
            {of.facts.map((fact) => (
              <FactField key={fact.name} fact={fact} value={facts.get(fact.name) ?? ""} set={(value) => set(fact.name, value)} />
            ))}
          </Grid>
        </Part>
        {facts.size > 0 ? (
          <Button mt="3" size="sm" variant="ghost" onClick={() => query.set({ fact: [] })}>
            Forget the facts
          </Button>
        ) : null}
      </Card>
      <Card title="What the policy says, and why" icon="shield">
        {action ? <Verdict address={path("policy/explain", { action, fact: query.all("fact") })} /> : <Empty icon="shield" title="There is no act to judge" />}
      </Card>
    </Grid>
  );
};

const Simulate = ({ of }: { of: Whole }) => {
  const [text, setText] = useState(of.text);
  const [since, setSince] = useState("30d");
  const [busy, setBusy] = useState(false);
  const [found, setFound] = useState<Simulated | null>(null);
  const [problem, setProblem] = useState("");
  const run = async () => {
    setBusy(true);
    setProblem("");
    try {
      setFound(await send<Simulated>("POST", path("policy/simulate"), { text, since }));
    } catch (error) {
      setFound(null);
      setProblem(error instanceof CallError ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Grid templateColumns={{ base: "minmax(0, 1fr)", xl: "minmax(0, 1fr) minmax(0, 1fr)" }} gap="4" alignItems="start">
      <Card title="Another policy" icon="copy">
        <Text fontSize="sm" color="fg.muted" mb="2">
          Every proposal of the past is judged again by the file below. Nothing is written, and the policy in force stays as it is.
        </Text>
        <Field.Root invalid={problem !== ""}>
          <Field.Label fontSize="xs">Policy file</Field.Label>
          <Textarea fontFamily="mono" fontSize="xs" rows={20} spellCheck={false} value={text} onChange={(event) => setText(event.currentTarget.value)} />
          <Field.ErrorText overflowWrap="anywhere">{problem}</Field.ErrorText>
        </Field.Root>
        <Flex gap="3" mt="3" align="center" wrap="wrap">
          <NativeSelect.Root size="sm" width="150px">
            <NativeSelect.Field aria-label="Over" value={since} onChange={(event) => setSince(event.currentTarget.value)}>
              {[["7d", "Last 7 days"], ["30d", "Last 30 days"], ["365d", "Last year"]].map(([value, word]) => (
                <option key={value} value={value}>
                  {word}
                </option>
              ))}
            </NativeSelect.Field>
            <NativeSelect.Indicator />
          </NativeSelect.Root>
          <Button size="sm" colorPalette="brand" loading={busy} disabled={!text.trim()} onClick={() => void run()}>
            Judge the past by it
          </Button>
        </Flex>
      </Card>
      <Card title="Verdicts that would change" icon="activity">
        <Box aria-live="polite">
          {!found ? (
            <Empty icon="question" title="Not tried yet" />
          ) : found.changes.length === 0 ? (
            <Empty title="Nothing">All {found.judged} proposals would have had the same verdict.</Empty>
          ) : (
            <>
              <Text fontSize="sm" mb="2">
                {found.changes.length} of {found.judged} verdicts would have been another one.
                {found.hidden > 0 ? ` ${found.hidden} ${found.hidden === 1 ? "is" : "are"} of Dags that you may not read.` : ""}
              </Text>
              <Stack as="ul" role="list" gap="3" fontSize="sm">
                {found.changes.map((change, index) => (
                  <Box as="li" key={index} borderTopWidth="1px" borderColor="border" pt="2">
                    <Flex gap="2" align="center" wrap="wrap">
                      <ResultBadge result={change.was} /> → <ResultBadge result={change.would_be} />
                      <code>{change.action}</code>
                      <Tag>{wordOf(change.category)}</Tag>
                    </Flex>
                    <Text fontSize="xs" color="fg.muted" overflowWrap="anywhere">
                      <Moment at={change.at} form="minute" /> · {change.was_rule || "no rule"} → {change.would_be_rule || "no rule"}: {change.why} <To to={incidentAddress(change.incident)}>Incident</To>
                    </Text>
                  </Box>
                ))}
              </Stack>
            </>
          )}
        </Box>
      </Card>
    </Grid>
  );
};

const STANDS: Record<AutonomyRow["state"], readonly [palette: string, word: string]> = {
  none: ["gray", "Asks a person"],
  proposed: ["orange", "Proposed: could approve alone"],
  accepted: ["green", "Approves alone"],
  expired: ["gray", "Expired: asks again"],
  withdrawn: ["red", "Withdrawn"],
};

const barText = (bar: Autonomy["bar"]): string =>
  bar
    ? `The harness proposes autonomy for an act when the act healed a cause at least ${bar.heals} ${bar.heals === 1 ? "time" : "times"} in ${bar.days} days and the lower end of its share is at least ${percent(bar.lower)}. A person accepts it for ${bar.valid_days} days; one false heal ends it at once.`
    : "The harness proposes no autonomy: the administrator has set no [harness] autonomy_bar.";

const COUNTS = [["asked", "Asked"], ["approved", "Approved"], ["healed", "Healed"], ["not_healed", "Not healed"], ["harm", "Harm"]] as const;

type Doing = { row: AutonomyRow; act: "accept" | "withdraw" } | null;

const Earned = () => {
  const autonomy = useRead<Autonomy>(path("autonomy"), 30);
  const [doing, setDoing] = useState<Doing>(null);
  const [busy, setBusy] = useState(false);
  const act = async (why: string) => {
    if (!doing) return;
    const { category, action } = doing.row;
    const days = autonomy.data?.bar?.valid_days ?? 30;
    setBusy(true);
    try {
      const body = { category, action, ...(doing.act === "accept" ? { days } : { why }) };
      toaster.success({ title: (await send<Done>("POST", path(`autonomy/${doing.act}`), body)).text });
    } catch (error) {
      toaster.error({ title: "It was not done", description: error instanceof CallError ? error.message : String(error) });
    } finally {
      setBusy(false);
      setDoing(null);
      await autonomy.again();
    }
  };
  return (
    <Shown of={autonomy} what="the record of autonomy" rows={5}>
      {(of) => (
        <Card title="Autonomy, earned and withdrawn" icon="user" flush>
          <Text fontSize="sm" color="fg.muted" px="4" pb="3">
            {barText(of.bar)}
          </Text>
          {of.rows.length === 0 ? (
            <Empty icon="shield" title="There is no record yet">
              It begins with the first question that a person answers.
            </Empty>
          ) : (
            <Scroll label="Record of autonomy">
              <Table.Root size="sm" minW={{ md: "880px" }} css={STACKED}>
                <Table.Header>
                  <Table.Row>
                    {["Cause and act", "Now", ...COUNTS.map(([, word]) => word), "Share of heals, 95 %", ""].map((head, index) => (
                      <Table.ColumnHeader key={head} textAlign={index > 1 && index < 7 ? "end" : undefined}>
                        {head || <Box as="span" srOnly>What you can do</Box>}
                      </Table.ColumnHeader>
                    ))}
                  </Table.Row>
                </Table.Header>
                <Table.Body>
                  {of.rows.map((row) => (
                    <Table.Row key={`${row.category} ${row.action}`} verticalAlign="top">
                      <Table.Cell>
                        <Text fontWeight="medium">{wordOf(row.category)}</Text>
                        <code>{row.action}</code>
                      </Table.Cell>
                      <Table.Cell minW="170px">
                        <Tag palette={STANDS[row.state][0]}>{STANDS[row.state][1]}</Tag>
                        <Text fontSize="xs" color="fg.muted" mt="1">
                          {row.proposal || row.text}
                          {row.state === "accepted" && row.until ? <> Until <Moment at={row.until} form="minute" />, by {row.accepted_by}.</> : null}
                          {row.withdrawn_by ? <> <To to={incidentAddress(row.withdrawn_by)}>By this incident</To></> : null}
                        </Text>
                      </Table.Cell>
                      {COUNTS.map(([name, word]) => (
                        <Table.Cell key={name} data-label={word} data-short="" textAlign="end" fontVariantNumeric="tabular-nums">
                          {row[name]}
                        </Table.Cell>
                      ))}
                      <Table.Cell minW="170px" data-label="Share of heals, 95 %">
                        <Interval low={row.low} high={row.high} rate={row.rate} bar={of.bar?.lower ?? null} />
                      </Table.Cell>
                      <Table.Cell>
                        {of.may_accept && row.state === "proposed" ? (
                          <Button size="xs" colorPalette="brand" onClick={() => setDoing({ row, act: "accept" })}>
                            Accept
                          </Button>
                        ) : null}
                        {of.may_accept && row.state === "accepted" ? (
                          <Button size="xs" variant="outline" onClick={() => setDoing({ row, act: "withdraw" })}>
                            Withdraw
                          </Button>
                        ) : null}
                      </Table.Cell>
                    </Table.Row>
                  ))}
                </Table.Body>
              </Table.Root>
            </Scroll>
          )}
          <Confirm
            open={doing !== null}
            title={doing?.act === "withdraw" ? "Ask a person again" : "Let the harness approve this alone"}
            word={doing?.act === "withdraw" ? "Withdraw" : "Accept"}
            palette={doing?.act === "withdraw" ? "danger" : "brand"}
            reason={doing?.act === "withdraw" ? "Why?" : undefined}
            busy={busy}
            onClose={() => setDoing(null)}
            onDo={(why) => void act(why)}
          >
            <Text fontSize="sm">
              {doing ? `${wordOf(doing.row.category)}: ${doing.row.action}. ` : ""}
              {doing?.act === "accept" ? `For ${of.bar?.valid_days ?? 30} days the harness asks nobody before this act. The audit records it under your name, and the first false heal ends it.` : ""}
            </Text>
          </Confirm>
        </Card>
      )}
    </Shown>
  );
};

const VIEWS = [["", "Rules"], ["explain", "Explain a verdict"], ["simulate", "Try another policy"], ["autonomy", "Autonomy"]] as const;

export const Policy = () => {
  const query = useQuery();
  const policy = useRead<Whole>(path("policy"), 60);
  const view = query.get("view");
  return (
    <Frame place="policy" title="Policy">
      <Box mb="4">
        <TabBar label="Views of the policy" chosen={view} choose={(name) => query.set({ view: name })} of={VIEWS} />
      </Box>
      {view === "autonomy" ? (
        <Earned />
      ) : (
        <Shown of={policy} what="the policy" rows={6}>
          {(of) => (view === "explain" ? <Explain of={of} /> : view === "simulate" ? <Simulate of={of} /> : <AllRules of={of} />)}
        </Shown>
      )}
    </Frame>
  );
};
