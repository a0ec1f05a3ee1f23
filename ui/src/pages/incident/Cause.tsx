// Why it broke, how sure that is, and what it rests on.
import { Box, Flex, Stack, Text } from "@chakra-ui/react";

import type { Incident } from "../../api";
import { Tag, wordOf } from "../../domain/badges";
import { Card, Part } from "../../parts/Card";
import { Facts } from "../../parts/Facts";
import { TaskLink } from "../../domain/links";
import { LogLines } from "../../domain/LogLines";

const list = (names: readonly string[]) => names.map((name) => name.replaceAll("_", " ")).join(", ");

const Observed = ({ of }: { of: Incident["evidence"]["observations"] }) => (
  <Stack as="ul" role="list" gap="1.5" fontSize="sm">
    {of.map(({ source, text }, index) => (
      <Flex as="li" key={index} gap="2" align="baseline" minW="0">
        <Tag>{source}</Tag>
        <Text minW="0" whiteSpace="pre-wrap" overflowWrap="anywhere">
          {text}
        </Text>
      </Flex>
    ))}
  </Stack>
);

export const Cause = ({ of }: { of: Incident }) => {
  const { cause, evidence } = of;
  const lines = evidence.log.length > 0 ? evidence.log : evidence.citations.map((line) => ({ ...line, cited: true }));
  return (
    <Card title="Cause" icon="search" aside={cause ? <Tag palette={cause.certainty === "unsure" ? "orange" : "gray"}>{wordOf(cause.category)}</Tag> : undefined}>
      <Text fontSize="md" fontWeight="medium" whiteSpace="pre-wrap" overflowWrap="anywhere">
        {cause?.sentence ?? "Not known yet: no healer has diagnosed it."}
      </Text>
      {cause ? (
        <Box mt="3">
          <Facts
            of={[
              ["How sure", cause.how_sure],
              cause.why !== "" && ["Why", cause.why],
              cause.alternatives.length > 0 && ["It could also be", list(cause.alternatives)],
              cause.against.length > 0 && ["What speaks against it", cause.against.join("; ")],
              ...Object.entries(cause.connections).map(([name, value]) => [wordOf(name), <code key={name}>{value}</code>] as const),
              of.broke.not_known.length > 0 && ["Not known", list(of.broke.not_known)],
            ]}
          />
        </Box>
      ) : null}
      {lines.length > 0 ? (
        <Part title="The log, with the cited lines marked">
          <LogLines lines={lines} />
        </Part>
      ) : null}
      {evidence.log_in_airflow ? (
        <Text fontSize="sm" mt="2">
          <TaskLink task={evidence.log_in_airflow}>The whole log in Airflow</TaskLink>
        </Text>
      ) : null}
      {evidence.observations.length > 0 ? (
        <Part title="Evidence">
          <Observed of={evidence.observations} />
        </Part>
      ) : null}
      {evidence.samples.length > 0 ? (
        <Part title="Failing rows, as the gate stored them">
          <Stack gap="1" fontFamily="mono" fontSize="xs">
            {evidence.samples.map((sample, index) => (
              <Text key={index} overflowWrap="anywhere">
                {sample}
              </Text>
            ))}
          </Stack>
        </Part>
      ) : null}
    </Card>
  );
};
