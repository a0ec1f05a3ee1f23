// From the failure to the verified outcome: what happened, when, and by whom.
import { Box, Flex, Text } from "@chakra-ui/react";

import type { Happened } from "../../api";
import { moment, useZone } from "../../lib/time";
import { Icon, type IconName } from "../../parts/Icon";
import { Moment } from "../../parts/Moment";
import { wordOf } from "../../domain/badges";

const SIGNS: Record<string, readonly [IconName, string]> = {
  opened: ["alert", "failed"],
  joined: ["alert", "failed"],
  evidence: ["search", "none"],
  diagnosed: ["search", "running"],
  judged: ["shield", "running"],
  asked: ["question", "awaiting_input"],
  answered: ["user", "awaiting_input"],
  act_started: ["wrench", "running"],
  act_ended: ["wrench", "running"],
  settled: ["check", "success"],
  run_settled: ["check", "success"],
  taken: ["user", "deferred"],
  returned: ["undo", "deferred"],
  acked: ["eye", "deferred"],
  forgotten: ["undo", "deferred"],
  resolved: ["check", "success"],
  paged: ["activity", "up_for_retry"],
  closed: ["minus", "none"],
};
const LONG = 220;

const Words = ({ text }: { text: string }) => {
  if (text.length <= LONG) return <Text whiteSpace="pre-wrap" overflowWrap="anywhere">{text}</Text>;
  return (
    <Box as="details">
      <Text as="summary" cursor="pointer" overflowWrap="anywhere">
        {text.slice(0, LONG).replaceAll("\n", " ")}…
      </Text>
      <Text whiteSpace="pre-wrap" overflowWrap="anywhere" mt="1" color="fg.muted">
        {text}
      </Text>
    </Box>
  );
};

export const Timeline = ({ of }: { of: readonly Happened[] }) => {
  const zone = useZone();
  const days = of.map(({ at }) => moment(at, zone, "date"));
  return (
    <Box as="ol" role="list" fontSize="sm">
      {of.map((happened, index) => {
        const [icon, palette] = SIGNS[happened.kind] ?? ["circle", "none"];
        const day = days[index];
        return (
          <Box as="li" key={index} position="relative" ps="8" pb="3" _last={{ pb: "0" }}>
            {index < of.length - 1 ? <Box position="absolute" insetInlineStart="11px" top="20px" bottom="-4px" width="1px" bg="border" aria-hidden /> : null}
            <Flex position="absolute" insetInlineStart="0" top="0" boxSize="6" align="center" justify="center" borderRadius="full" colorPalette={palette} bg="colorPalette.solid" color="colorPalette.contrast" aria-hidden>
              <Icon name={icon} size="12px" />
            </Flex>
            {day !== days[index - 1] ? (
              <Text fontSize="xs" color="fg.muted" fontWeight="semibold">
                {day}
              </Text>
            ) : null}
            <Flex gap="2" align="baseline" wrap="wrap">
              <Text as="span" fontWeight="semibold">
                {wordOf(happened.word)}
              </Text>
              <Text as="span" color="fg.muted" fontSize="xs" fontVariantNumeric="tabular-nums">
                <Moment at={happened.at} form="time" />
              </Text>
              {happened.by ? (
                <Text as="span" fontSize="xs">
                  by {happened.by}
                </Text>
              ) : null}
            </Flex>
            <Words text={happened.text} />
          </Box>
        );
      })}
    </Box>
  );
};
