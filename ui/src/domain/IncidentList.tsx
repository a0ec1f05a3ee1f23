// Incidents as a list: a row on a wide screen, a card on a phone; the whole of it leads to the incident.
import { Box, chakra, Flex, Grid, Text } from "@chakra-ui/react";
import type { ReactNode } from "react";
import { Link } from "react-router-dom";

import type { IncidentRow } from "../api";
import { SeverityMark, StateBadge, titleOf } from "./badges";
import { incidentAddress } from "./links";
import { sliceName } from "../lib/time";
import { Age, Left } from "../parts/Moment";

const Styled = chakra(Link);
const COLUMNS = "148px minmax(0, 2.2fr) minmax(0, 1.2fr) 84px 132px minmax(0, 1.3fr)";
const HEADS = ["State", "What is broken, and why", "For whom", "Open for", "Promise breaks", "Next step"];
const ACCENTS: Partial<Record<IncidentRow["state"], string>> = { asked: "awaiting_input", person: "failed" };

const Labelled = ({ name, children, wide = false, empty = false }: { name: string; children: ReactNode; wide?: boolean; empty?: boolean }) => (
  <Flex hideBelow={empty ? "lg" : undefined} direction={{ base: "row", lg: "column" }} gap={{ base: "2", lg: "0" }} minW="0" fontSize="sm" gridColumn={{ base: wide ? "1 / -1" : "auto", lg: "auto" }}>
    <Text as="span" color="fg.muted" fontSize="xs" lineHeight="1.7" hideFrom="lg" flexShrink="0">
      {name}
    </Text>
    <Box minW="0" overflowWrap="anywhere">
      {children}
    </Box>
  </Flex>
);

const few = (names: readonly string[]): string => names.slice(0, 2).join(", ") + (names.length > 2 ? ` and ${names.length - 2} more` : "");

/** What the title does not say: tables and slices, else the run; and how many tries failed of the same cause. */
const where = (row: IncidentRow): string =>
  [
    few(row.tables),
    few(row.slices.map(sliceName)) || row.run_id,
    row.failures > 1 ? `${row.failures.toLocaleString("en")} tries failed${row.dags > 1 ? ` in ${row.dags} Dags` : ""}` : "",
  ]
    .filter(Boolean)
    .join(" · ");

const Row = ({ row }: { row: IncidentRow }) => (
  <Box
    as="li"
    position="relative"
    borderTopWidth="1px"
    borderColor="border"
    colorPalette={ACCENTS[row.state] ?? "gray"}
    borderInlineStartWidth="3px"
    borderInlineStartColor={ACCENTS[row.state] ? "colorPalette.solid" : "transparent"}
    px="3"
    py="2.5"
    _hover={{ bg: "bg.muted" }}
    _first={{ borderTopWidth: "0" }}
  >
    <Grid templateColumns={{ base: "repeat(2, minmax(0, 1fr))", lg: COLUMNS }} columnGap="4" rowGap="1.5" alignItems="start">
      <Flex direction={{ base: "row", lg: "column" }} gap="1.5" align={{ base: "center", lg: "flex-start" }} gridColumn={{ base: "1 / -1", lg: "auto" }} wrap="wrap" minW="0">
        <StateBadge row={row} />
        <SeverityMark severity={row.severity} />
      </Flex>
      <Box minW="0" gridColumn={{ base: "1 / -1", lg: "auto" }}>
        <Styled
          to={incidentAddress(row.id)}
          fontSize="sm"
          fontWeight="semibold"
          overflowWrap="anywhere"
          _after={{ content: '""', position: "absolute", inset: "0" }}
          _focusVisible={{ outline: "none", _after: { outline: "2px solid", outlineColor: "brand.focusRing", outlineOffset: "-2px" } }}
        >
          {titleOf(row)}
        </Styled>
        <Text fontSize="xs" color="fg.muted" overflowWrap="anywhere">
          {where(row)}
        </Text>
        <Text fontSize="sm" mt="0.5" lineClamp="2" overflowWrap="anywhere">
          {row.cause || "The cause is not known yet."}
        </Text>
      </Box>
      <Labelled name="For" wide empty={!row.for_whom}>
        <Text as="span" lineClamp="3">
          {row.for_whom || "–"}
        </Text>
      </Labelled>
      <Labelled name={row.open ? "Open for" : "Opened"}>
        <Age at={row.opened_at} short />
        {row.open ? "" : " ago"}
      </Labelled>
      <Labelled name="Promise" empty={!row.promise}>
        {row.promise ? (
          <span title={`${row.promise.table}: ${row.promise.words}`}>
            <Left at={row.promise.due_at} past="broken" short />
          </span>
        ) : (
          <Text as="span" color="fg.muted">
            –
          </Text>
        )}
      </Labelled>
      <Labelled name="Next" wide empty={!row.next_step}>
        <Text as="span" lineClamp="3" fontWeight={row.state === "asked" || row.state === "person" ? "semibold" : undefined}>
          {row.next_step}
        </Text>
      </Labelled>
    </Grid>
  </Box>
);

export const IncidentList = ({ rows }: { rows: readonly IncidentRow[] }) => (
  <Box borderWidth="1px" borderColor="border" borderRadius="md" overflow="hidden">
    <Grid aria-hidden templateColumns={COLUMNS} columnGap="4" px="3" py="2" ps="15px" bg="bg.muted" borderBottomWidth="1px" borderColor="border" fontSize="xs" fontWeight="semibold" color="fg.muted" hideBelow="lg">
      {HEADS.map((head) => (
        <span key={head}>{head}</span>
      ))}
    </Grid>
    <Box as="ul" listStyleType="none" role="list">
      {rows.map((row) => (
        <Row key={row.id} row={row} />
      ))}
    </Box>
  </Box>
);
