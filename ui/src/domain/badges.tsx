// How things stand: always a sign and a word, never a colour alone. Palettes are Airflow's own states.
import { Badge, Box, chakra, Flex, Text } from "@chakra-ui/react";

import type { ReactNode } from "react";

import type { IncidentRow, Severity, State } from "../api";
import { Icon, type IconName } from "../parts/Icon";

type Look = readonly [palette: string, icon: IconName, word: string];

export const STATES: Record<State, Look> = {
  person: ["failed", "alert", "Waits for a person"],
  asked: ["awaiting_input", "question", "Question open"],
  waiting: ["queued", "clock", "Waits for a healer"],
  healing: ["running", "refresh", "Healing"],
  taken: ["deferred", "user", "Taken"],
  resolved: ["success", "check", "Resolved"],
  over: ["none", "minus", "Over"],
};

export const OUTCOMES: Record<string, Look> = {
  healed: ["success", "check", "Healed"],
  recovered: ["upstream_failed", "check", "Recovered"],
  not_healed: ["failed", "cross", "Not healed"],
  made_worse: ["failed", "alert", "Made worse"],
  unknown: ["up_for_reschedule", "question", "Unknown"],
  superseded: ["skipped", "user", "A person acted first"],
  escalated: ["failed", "alert", "Escalated"],
  refused: ["up_for_retry", "ban", "Refused"],
  noted: ["none", "minus", "Noted"],
};

/** How a gate, a check or a verdict turned out. */
const RESULTS: Record<string, Look> = {
  passed: ["success", "check", "Passed"],
  failed: ["failed", "cross", "Failed"],
  warning: ["up_for_retry", "alert", "Warning"],
  error: ["up_for_reschedule", "question", "Not checked"],
  publish: ["success", "check", "Published"],
  publish_without: ["up_for_retry", "alert", "Published in part"],
  quarantine: ["up_for_retry", "alert", "Published in part"],
  block: ["failed", "cross", "Blocked"],
  approve: ["success", "check", "Approve"],
  ask: ["awaiting_input", "question", "Ask"],
  refuse: ["failed", "ban", "Refuse"],
  yes: ["success", "check", "Yes"],
  no: ["failed", "cross", "No"],
};

/** What is broken, with the category in words. */
export const titleOf = (row: Pick<IncidentRow, "title" | "category">): string =>
  row.category ? row.title.replace(row.category, row.category.replaceAll("_", " ")) : row.title;

export const wordOf = (name: string): string => {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
};

/** Airflow's colours that are too bright for white letters. */
const BRIGHT = new Set(["up_for_retry", "up_for_reschedule", "upstream_failed", "skipped"]);

const Pill = ({ look: [palette, icon, word], text }: { look: Look; text?: string }) => (
  <Badge colorPalette={palette} variant={BRIGHT.has(palette) ? "subtle" : "solid"} color={BRIGHT.has(palette) ? "fg" : undefined} borderRadius="full" px="2" py="0.5" gap="1" fontSize="xs" maxW="100%">
    <Icon name={icon} size="12px" />
    <chakra.span whiteSpace={{ base: "normal", md: "nowrap" }} overflow="hidden" textOverflow="ellipsis">
      {text ?? word}
    </chakra.span>
  </Badge>
);

/** What became of an incident where it ended, else where it stands. */
export const StateBadge = ({ row }: { row: Pick<IncidentRow, "state" | "outcome" | "taken_by"> }) => {
  if (row.state === "over") return <Pill look={OUTCOMES[row.outcome] ?? STATES.over} />;
  if (row.state === "taken" && row.taken_by) return <Pill look={STATES.taken} text={`Taken by ${row.taken_by}`} />;
  return <Pill look={STATES[row.state] ?? ["none", "circle", wordOf(row.state)]} />;
};

export const OutcomeBadge = ({ outcome }: { outcome: string }) => (
  <Pill look={OUTCOMES[outcome] ?? ["none", "minus", wordOf(outcome || "open")]} />
);

export const ResultBadge = ({ result, text }: { result: string; text?: string }) => (
  <Pill look={RESULTS[result] ?? ["none", "minus", wordOf(result)]} text={text} />
);

const LEVELS: Record<Severity, number> = { "": 0, low: 1, medium: 2, high: 3, critical: 4 };

/** One bar for each step of severity. */
export const SeverityMark = ({ severity, words = true }: { severity: Severity; words?: boolean }) => {
  const level = LEVELS[severity] ?? 0;
  const word = severity ? wordOf(severity) : "Nobody paged";
  return (
    <Flex as="span" display="inline-flex" align="center" gap="1.5" title={`Severity: ${word}`} color={level >= 3 ? "failed.fg" : level === 2 ? "awaiting_input.fg" : "fg.muted"}>
      <Flex as="span" align="flex-end" gap="2px" height="12px" role={words ? undefined : "img"} aria-label={words ? undefined : `Severity: ${word}`} aria-hidden={words || undefined}>
        {[1, 2, 3, 4].map((step) => (
          <Box as="span" key={step} width="3px" height={`${step * 3}px`} borderRadius="1px" bg={step <= level ? "currentcolor" : "border.emphasized"} />
        ))}
      </Flex>
      {words ? (
        <Text as="span" fontSize="xs" fontWeight="medium">
          {word}
        </Text>
      ) : null}
    </Flex>
  );
};

export const Tag = ({ children, palette = "gray" }: { children: ReactNode; palette?: string }) => (
  <Badge variant="subtle" colorPalette={palette} fontSize="xs" fontWeight="medium" px="1.5">
    {children}
  </Badge>
);
