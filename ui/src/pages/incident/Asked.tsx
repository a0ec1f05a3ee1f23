// What the reader is asked to do: the open question with exactly its act, and what a person can do with the incident.
import { Box, Button, Checkbox, Flex, Stack, Text } from "@chakra-ui/react";
import { useState } from "react";

import { type Act, answerPath, type Done, type Incident, incidentPath, type Question } from "../../api";
import { CallError, send } from "../../lib/http";
import { useNow } from "../../lib/time";
import { ResultBadge, wordOf } from "../../domain/badges";
import { Card } from "../../parts/Card";
import { Command } from "../../parts/Command";
import { Confirm } from "../../parts/Confirm";
import { Facts } from "../../parts/Facts";
import { Icon, type IconName } from "../../parts/Icon";
import { Left, Moment } from "../../parts/Moment";
import { toaster } from "../../parts/toaster";

type Props = { of: Incident; again: () => Promise<void> };

const refused = (error: unknown): string => {
  if (!(error instanceof CallError)) return String(error);
  if (error.loggedOut) return "Your session has ended. Load this page again.";
  if (error.status === 403) return `You may not do this. ${error.message}`;
  if (error.status === 409) return error.message || "Somebody else was faster.";
  return error.message;
};

/** Do something once, say how it went, and read the incident again. */
const useDoing = (again: () => Promise<void>) => {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const run = async (work: () => Promise<string>): Promise<boolean> => {
    setBusy(true);
    setProblem("");
    try {
      toaster.success({ title: await work() });
      return true;
    } catch (error) {
      setProblem(refused(error));
      return false;
    } finally {
      setBusy(false);
      await again();
    }
  };
  return { busy, problem, run, forget: () => setProblem("") };
};

const Problem = ({ text }: { text: string }) =>
  text ? (
    <Flex role="alert" gap="2" mt="3" fontSize="sm" color="failed.fg" align="flex-start">
      <Box mt="1">
        <Icon name="alert" />
      </Box>
      <Text overflowWrap="anywhere">{text}</Text>
    </Flex>
  ) : null;

const Arguments = ({ of }: { of: Record<string, string> }) => (
  <Facts of={Object.entries(of).map(([name, value]) => [wordOf(name), <code key={name}>{value}</code>])} />
);

const Buttons = ({ question, again }: { question: Question; again: () => Promise<void> }) => {
  const [asking, setAsking] = useState<"" | "approve" | "refuse">("");
  const { busy, problem, run } = useDoing(again);
  const early = Math.ceil((new Date(question.opened_at ?? 0).getTime() + question.quickest_seconds * 1000 - useNow(1)) / 1000);
  const answer = async () => {
    const option = question.hitl[asking || "refuse"];
    const done = await run(async () => {
      await send("PATCH", answerPath(question.hitl), { chosen_options: [option], params_input: {} });
      return `You answered “${option}”. The healer reads it from Airflow within seconds.`;
    });
    if (done) setAsking("");
  };
  return (
    <>
      <Flex gap="3" mt="4" wrap="wrap" align="center">
        <Button colorPalette="success" flexGrow={{ base: 1, sm: 0 }} minW="130px" disabled={early > 0} onClick={() => setAsking("approve")}>
          <Icon name="check" /> {question.hitl.approve}
        </Button>
        <Button variant="outline" colorPalette="danger" flexGrow={{ base: 1, sm: 0 }} minW="130px" disabled={early > 0} onClick={() => setAsking("refuse")}>
          <Icon name="ban" /> {question.hitl.refuse}
        </Button>
        {early > 0 ? (
          <Text fontSize="sm" color="fg.muted">
            Airflow takes answers in {early} s.
          </Text>
        ) : null}
      </Flex>
      <Problem text={asking ? "" : problem} />
      <Confirm
        open={asking !== ""}
        title={asking === "refuse" ? "Refuse: the harness does nothing" : question.sentence}
        word={question.hitl[asking || "refuse"]}
        palette={asking === "approve" ? "success" : "danger"}
        busy={busy}
        onClose={() => setAsking("")}
        onDo={() => void answer()}
      >
        {asking === "refuse" ? (
          <Text>{question.if_refused}</Text>
        ) : (
          <>
            <Text mb="3">{question.what} Your answer is valid once, for exactly this act, and the audit records it under your name:</Text>
            <Text fontFamily="mono" fontSize="sm" fontWeight="semibold" mb="2">
              {question.action}
            </Text>
            <Arguments of={question.arguments} />
          </>
        )}
        <Problem text={problem} />
      </Confirm>
    </>
  );
};

const Asked = ({ of, again }: Props) => {
  const question = of.question;
  if (!question) return null;
  const open = of.row.state === "asked" && !question.answer && !question.expired;
  return (
    <Card
      title={!open ? "What was asked" : of.may.answer ? "You are asked" : "A question is open"}
      icon="question"
      accent={open ? "awaiting_input" : undefined}
      aside={open && question.expires_at ? <Left at={question.expires_at} past="expired" /> : <ResultBadge result={question.answer ? (question.answer === question.hitl.approve ? "approve" : "refuse") : "no"} text={question.answer ? `${question.answer} by ${question.answered_by || "nobody"}` : "Not answered in time"} />}
    >
      <Text fontSize={{ base: "md", md: "lg" }} fontWeight="semibold" mb="1" overflowWrap="anywhere">
        {question.sentence}
      </Text>
      <Text fontSize="sm" mb="3">
        {question.what}
      </Text>
      <Facts
        of={[
          ["Exactly", <code key="act">{question.action}</code>],
          ...Object.entries(question.arguments).map(([name, value]) => [wordOf(name), <code key={name}>{value}</code>] as const),
          question.expires_at !== null && ["Until", <Moment key="until" at={question.expires_at} />],
          ["Who may answer", question.assigned.join(", ") || "nobody"],
          ["Why it asks", `${question.reason}${question.rule ? ` (rule ${question.rule})` : ""}`],
          ["If you refuse", question.if_refused],
          ["If nobody answers", question.if_nobody],
        ]}
      />
      {open && of.may.answer ? <Buttons question={question} again={again} /> : null}
      {open && !of.may.answer ? (
        <Text fontSize="sm" mt="3" color="fg.muted">
          {of.may.why_not || `You may not answer. These people may: ${question.assigned.join(", ") || "nobody"}.`}
        </Text>
      ) : null}
    </Card>
  );
};

const ACTS: Record<Act, readonly [word: string, icon: IconName, what: string]> = {
  take: ["Take", "user", "I look after it; the healer stops"],
  return: ["Return", "undo", "The healer starts again"],
  acknowledge: ["Acknowledge", "eye", "I have seen it; the healer continues"],
  resolve: ["Resolve", "check", "The cause is fixed"],
};

const Resolve = ({ of, again, open, onClose }: Props & { open: boolean; onClose: () => void }) => {
  const [unproved, setUnproved] = useState(false);
  const { busy, problem, run, forget } = useDoing(again);
  const close = () => {
    forget();
    onClose();
  };
  const resolve = async (why: string) => {
    if (await run(async () => (await send<Done>("POST", incidentPath(of.row.id, "resolve"), { why, unproved })).text)) close();
  };
  return (
    <Confirm open={open} title="Resolve the incident" word="Resolve" palette="success" reason="What was wrong, and what was done?" busy={busy} onClose={close} onDo={(why) => void resolve(why)}>
      <Text fontSize="sm">The failed tasks must be successful in Airflow by now. This also resolves the page to on-call.</Text>
      <Problem text={problem} />
      {problem || unproved ? (
        <Checkbox.Root mt="3" size="sm" checked={unproved} onCheckedChange={(event) => setUnproved(event.checked === true)}>
          <Checkbox.HiddenInput />
          <Checkbox.Control />
          <Checkbox.Label>End it although Airflow does not agree; the audit records that</Checkbox.Label>
        </Checkbox.Root>
      ) : null}
    </Confirm>
  );
};

const Acts = ({ of, again }: Props) => {
  const [resolving, setResolving] = useState(false);
  const { busy, problem, run } = useDoing(again);
  const act = (name: Act) =>
    name === "resolve" ? setResolving(true) : void run(async () => (await send<Done>("POST", incidentPath(of.row.id, name), {})).text);
  if (of.actions.length === 0) return null;
  if (!of.may.act)
    return (
      <Text fontSize="sm" color="fg.muted">
        {of.may.why_not || "You may read this incident but not change it: for that you need the right to change task instances of its Dag."}
      </Text>
    );
  return (
    <Box>
      <Flex gap="2" wrap="wrap">
        {of.actions.map((name) => {
          const [word, icon, what] = ACTS[name];
          return (
            <Button key={name} size="sm" variant="outline" title={what} disabled={busy} flexGrow={{ base: 1, sm: 0 }} onClick={() => act(name)}>
              <Icon name={icon} /> {word}
            </Button>
          );
        })}
      </Flex>
      <Problem text={problem} />
      <Resolve of={of} again={again} open={resolving} onClose={() => setResolving(false)} />
    </Box>
  );
};

/** What stands in words and what is typed; the buttons do the same. */
const isCommand = (line: string) => line.includes("airflow harness ");

/** What is next, in words; commands can be taken along. */
const Next = ({ of, again }: Props) => {
  const asked = of.row.state === "asked"; // what is asked stands above
  return (
  <Card title={asked ? "Look after it yourself instead" : "What to do next"} icon="arrowRight" accent={of.row.state === "person" ? "failed" : undefined} aside={of.row.due && !asked ? <Left at={of.row.due.until} past="late" /> : undefined}>
    {asked ? null : (
      <Stack gap="2" fontSize="sm" mb="3">
        {of.next.filter((line) => !isCommand(line)).map((line) => (
          <Text key={line} overflowWrap="anywhere">
            {line}
          </Text>
        ))}
      </Stack>
    )}
    <Acts of={of} again={again} />
    {of.next.some(isCommand) ? (
      <Box as="details" mt="3" fontSize="sm">
        <Text as="summary" color="fg.muted" cursor="pointer" mb="2">
          The same on the command line
        </Text>
        <Command text={of.next.filter(isCommand).join("\n")} what="the commands" />
      </Box>
    ) : null}
  </Card>
  );
};

export const ToDo = (props: Props) => {
  const first = props.of.row.state === "asked";
  return (
    <Stack gap="4">
      {first ? <Asked {...props} /> : null}
      <Next {...props} />
      {first ? null : <Asked {...props} />}
    </Stack>
  );
};
