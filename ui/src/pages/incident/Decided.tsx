// What the policy said, what was done, and how it was verified.
import { Box, Flex, Stack, Text } from "@chakra-ui/react";

import type { Incident } from "../../api";
import { OutcomeBadge, ResultBadge, Tag, wordOf } from "../../domain/badges";
import { Card, Part } from "../../parts/Card";
import { Facts } from "../../parts/Facts";
import { Moment } from "../../parts/Moment";
import { Rules } from "../../domain/Rules";

export const Decided = ({ of }: { of: Incident }) => {
  const { verdict, acts } = of;
  if (!verdict) return null;
  return (
    <Card title="Verdict" icon="shield" aside={<ResultBadge result={verdict.verdict} />}>
      <Text fontSize="sm" fontWeight="medium" mb="3" overflowWrap="anywhere">
        {verdict.reason}
      </Text>
      <Facts
        of={[
          ["Proposed", <code key="a">{verdict.action}</code>],
          ...Object.entries(verdict.arguments).map(([name, value]) => [wordOf(name), <code key={name}>{value}</code>] as const),
          ["By rule", <code key="r">{verdict.rule || "none: what no rule allows is refused"}</code>],
          ["Policy", `version ${verdict.policy_version}${verdict.acting ? "" : ", in shadow: nothing was carried out"}`],
        ]}
      />
      {verdict.rules.length > 0 ? (
        <Part title={`What each rule about this act says (${verdict.explained})`}>
          <Rules rules={verdict.rules} others={verdict.others} />
        </Part>
      ) : null}
      {acts.length > 0 ? (
        <Part title="What was done">
          <Stack gap="1.5" fontSize="sm">
            {acts.map((act) => (
              <Box key={act.started_at} overflowWrap="anywhere">
                <Moment at={act.started_at} form="second" /> <code>{act.act}</code>
                <Text color="fg.muted">{act.ended_at ? act.result : "under way"}</Text>
              </Box>
            ))}
          </Stack>
        </Part>
      ) : null}
    </Card>
  );
};

export const Verified = ({ of }: { of: Incident }) => {
  if (of.verification.length === 0 && of.published.length === 0) return null;
  const last = of.verification.at(-1);
  return (
    <Card title="What stands published" icon="table" aside={last ? <OutcomeBadge outcome={last.outcome} /> : undefined}>
      <Stack gap="2" fontSize="sm">
        {of.published.map((line) => (
          <Text key={line} overflowWrap="anywhere">
            {line}
          </Text>
        ))}
        {of.verification.map((look) => (
          <Box key={look.at}>
            <Text overflowWrap="anywhere">
              <Moment at={look.at} /> {look.text}
            </Text>
            {look.gates.map((gate) => (
              <Flex key={`${gate.table} ${gate.slice}`} gap="2" mt="1" align="baseline" wrap="wrap">
                <ResultBadge result={gate.passed ? "passed" : "failed"} />
                <Text overflowWrap="anywhere">
                  {gate.table} {gate.slice} <Tag>read back</Tag> {gate.text}
                </Text>
              </Flex>
            ))}
          </Box>
        ))}
      </Stack>
    </Card>
  );
};
