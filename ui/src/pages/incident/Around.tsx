// What stands around an incident: what failed with it, what was like it, what a model said, drafts, the record.
import { Box, Flex, Stack, Text } from "@chakra-ui/react";

import type { Incident, Said } from "../../api";
import { OutcomeBadge, Tag, wordOf } from "../../domain/badges";
import { Card, Part } from "../../parts/Card";
import { Command } from "../../parts/Command";
import { Icon } from "../../parts/Icon";
import { incidentAddress, TaskLink, taskName, To } from "../../domain/links";
import { Age, Moment } from "../../parts/Moment";

export const Failed = ({ of }: { of: Incident["broke"] }) => (
  <Card title="What failed" icon="alert">
    <Stack as="ul" role="list" gap="3" fontSize="sm">
      {of.failures.map((failure) => (
        <Box as="li" key={failure.key}>
          <Flex gap="2" align="baseline" wrap="wrap">
            <TaskLink task={failure}>
              {taskName(failure)}, try {failure.try_number}
            </TaskLink>
            {failure.leading ? <Tag>leads</Tag> : null}
            {failure.kind === "task_failed" ? null : <Tag palette="orange">{wordOf(failure.kind)}</Tag>}
            <Text as="span" fontSize="xs" color="fg.muted">
              <Moment at={failure.at} />
            </Text>
          </Flex>
          <Text fontSize="xs" color="fg.muted" overflowWrap="anywhere">
            {[failure.run_id, failure.operator, failure.table, failure.slice_day].filter(Boolean).join(" · ")}
          </Text>
          {failure.error ? (
            <Text fontFamily="mono" fontSize="xs" mt="1" whiteSpace="pre-wrap" overflowWrap="anywhere" lineClamp="6">
              {failure.error}
            </Text>
          ) : null}
        </Box>
      ))}
    </Stack>
    {of.more + of.hidden > 0 ? (
      <Text fontSize="sm" color="fg.muted" mt="2">
        {of.more > 0 ? `And ${of.more} more. ` : ""}
        {of.hidden > 0 ? `${of.hidden} ${of.hidden === 1 ? "is" : "are"} of Dags that you may not read.` : ""}
      </Text>
    ) : null}
  </Card>
);

export const SameCause = ({ of }: { of: Incident["same_cause"] }) =>
  of.length === 0 ? null : (
    <Card title="Failed of the same cause" icon="copy">
      <Stack as="ul" role="list" gap="1.5" fontSize="sm">
        {of.map((item, index) => (
          <Box as="li" key={index} overflowWrap="anywhere">
            <TaskLink task={{ ...item, map_index: -1, try_number: 0 }} />
            <Text as="span" color="fg.muted">
              {" "}
              {item.run_id}
              {item.failures > 1 ? `, ${item.failures} failures` : ""}
            </Text>
          </Box>
        ))}
      </Stack>
    </Card>
  );

export const Similar = ({ of }: { of: Incident["similar"] }) =>
  of.length === 0 ? null : (
    <Card title="Similar incidents, and what helped" icon="refresh">
      <Stack as="ul" role="list" gap="3" fontSize="sm">
        {of.map((item) => (
          <Box as="li" key={item.id}>
            <Flex gap="2" align="center" wrap="wrap">
              <To to={incidentAddress(item.id)}>{item.title}</To>
              <OutcomeBadge outcome={item.outcome} />
            </Flex>
            <Text fontSize="xs" color="fg.muted" overflowWrap="anywhere">
              <Age at={item.opened_at} short /> ago{item.helped ? <> · helped: <code>{item.helped}</code></> : " · no act helped"}
            </Text>
          </Box>
        ))}
      </Stack>
    </Card>
  );

const Turn = ({ said }: { said: Said }) => (
  <Box as="li" borderInlineStartWidth="2px" borderColor="border.emphasized" ps="3">
    <Flex gap="2" align="baseline" fontSize="xs" color="fg.muted" wrap="wrap">
      <Text as="span" fontWeight="semibold" color="fg">
        {wordOf(said.role)}
      </Text>
      {said.tool ? <Tag>{said.tool}</Tag> : null}
      {said.at ? <Moment at={said.at} /> : null}
    </Flex>
    <Text fontSize="sm" whiteSpace="pre-wrap" overflowWrap="anywhere" maxH="260px" overflowY="auto" tabIndex={0}>
      {said.text}
    </Text>
  </Box>
);

export const Conversation = ({ of }: { of: Incident }) => {
  if (!of.conversation?.length && of.model.asked === 0) return null;
  return (
    <Card title="What a model said" icon="activity" aside={<Tag>{of.model.cost_usd.toFixed(4)} USD</Tag>}>
      <Text fontSize="sm" color="fg.muted" mb="3">
        A model names a cause from a closed list and cites lines; the policy decides. It can do nothing itself.
      </Text>
      {of.conversation?.length ? (
        <Stack as="ol" role="list" gap="3">
          {of.conversation.map((said, index) => (
            <Turn key={index} said={said} />
          ))}
        </Stack>
      ) : (
        <Text fontSize="sm">
          It was asked {of.model.asked} {of.model.asked === 1 ? "time" : "times"}; the turns were not kept.
        </Text>
      )}
    </Card>
  );
};

export const Drafts = ({ of }: { of: Incident["drafts"] }) =>
  !of?.length ? null : (
    <Card title="Drafts: nobody executed them" icon="copy" accent="up_for_retry">
      {of.map((draft) => (
        <Part key={`${draft.kind} ${draft.title}`} title={`${wordOf(draft.kind)}: ${draft.title}`}>
          <Command text={draft.text} what="the draft" />
        </Part>
      ))}
    </Card>
  );

export const Record = ({ of }: { of: Incident }) => (
  <Card title="Record" icon="lock">
    <Flex gap="2" fontSize="sm" align="baseline">
      <Box position="relative" top="2px" color={of.audit.holds === false ? "failed.fg" : undefined}>
        <Icon name={of.audit.holds === false ? "alert" : of.audit.holds ? "check" : "question"} label={of.audit.holds === false ? "broken" : of.audit.holds ? "holds" : "not verified"} />
      </Box>
      <Text overflowWrap="anywhere">{of.audit.text}</Text>
    </Flex>
    {of.audit.head ? (
      <Text fontSize="xs" color="fg.muted" fontFamily="mono" mt="1" overflowWrap="anywhere">
        head {of.audit.head}
      </Text>
    ) : null}
    {Object.keys(of.commands).length > 0 ? (
      <Part title="On the command line">
        <Command text={Object.values(of.commands).join("\n")} what="the commands" />
      </Part>
    ) : null}
  </Card>
);
