// Slices by checks: each cell says by sign and colour how the check turned out on the slice.
import { Box, chakra, Flex, Text } from "@chakra-ui/react";

import { useMemo } from "react";

import type { Cell, Table } from "../api";
import { sliceName } from "../lib/time";
import { Icon, type IconName } from "../parts/Icon";
import { exactly } from "./scale";

const [Root, Head, Data, Row] = [chakra("table"), chakra("th"), chakra("td"), chakra("tr")];

const LOOKS: Record<string, readonly [palette: string, icon: IconName, word: string]> = {
  passed: ["success", "check", "passed"],
  flagged: ["up_for_retry", "alert", "unusual, or published in part"],
  failed: ["failed", "cross", "failed"],
  error: ["up_for_reschedule", "question", "could not be checked"],
};

const lookOf = (cell: Cell): string => (cell.error ? "error" : !cell.passed ? "failed" : cell.flagged ? "flagged" : "passed");

const DECISIONS: Record<string, string> = { publish: "passed", publish_without: "flagged", quarantine: "flagged", block: "failed" };

const Mark = ({ look, text }: { look: string; text: string }) => {
  const [palette, icon, word] = LOOKS[look] ?? ["none", "minus", "not known"];
  return (
    <Flex title={text} align="center" justify="center" boxSize="5" borderRadius="sm" colorPalette={palette} bg={look === "passed" ? "colorPalette.muted" : "colorPalette.solid"} color={look === "passed" ? "colorPalette.fg" : "colorPalette.contrast"}>
      <Icon name={icon} size="12px" label={word} />
    </Flex>
  );
};

const said = (id: string, slice: string, cell: Cell): string =>
  `${id}, slice ${slice}: ${LOOKS[lookOf(cell)]?.[2] ?? ""}${cell.error ? ` (${cell.error})` : ""}${cell.value === null ? "" : `, value ${exactly(cell.value)}`}${cell.share === null ? "" : `, ${exactly(cell.share * 100)} % of rows`}`;

export const Legend = () => (
  <Flex gap="4" wrap="wrap" fontSize="xs" color="fg.muted" mb="2" aria-hidden>
    {Object.keys(LOOKS).map((look) => (
      <Flex key={look} gap="1.5" align="center">
        <Mark look={look} text="" /> {LOOKS[look]?.[2]}
      </Flex>
    ))}
  </Flex>
);

/** Newest first: on a phone, the newest are seen without scrolling. */
const newestFirst = ({ slices, checks, cells }: Table["grid"]): Table["grid"] => {
  const order = slices.map((_, index) => index).sort((a, b) => (slices[b]?.start ?? "").localeCompare(slices[a]?.start ?? ""));
  const pick = <T,>(from: readonly T[]) => order.flatMap((index) => (index in from ? [from[index] as T] : []));
  return { slices: pick(slices), checks, cells: cells.map(pick) };
};

export const SliceGrid = ({ grid: given }: { grid: Table["grid"] }) => {
  const grid = useMemo(() => newestFirst(given), [given]);
  return (
  <Box overflow="auto" maxH="520px" tabIndex={0} role="region" aria-label="Slices by checks">
    <Root borderCollapse="separate" borderSpacing="2px" fontSize="xs">
      <thead>
        <tr>
          <Head scope="col" textAlign="start" fontWeight="semibold" color="fg.muted" position="sticky" insetInlineStart="0" bg="bg" zIndex="1" pe="3" verticalAlign="bottom">
            Check
          </Head>
          {grid.slices.map((slice, index) => (
            <Head key={index} scope="col" height="112px" verticalAlign="bottom" fontWeight="normal" color="fg.muted" title={`${slice.day || slice.slice}, ${exactly(slice.rows)} rows, ${slice.gate}`}>
              <Text as="span" css={{ writingMode: "vertical-rl", transform: "rotate(180deg)" }} whiteSpace="nowrap" maxH="110px" overflow="hidden">
                {sliceName(slice.slice).replace(" UTC", "")}
              </Text>
            </Head>
          ))}
        </tr>
      </thead>
      <tbody>
        <Row>
          <Head scope="row" textAlign="start" fontWeight="semibold" position="sticky" insetInlineStart="0" bg="bg" zIndex="1" pe="3" whiteSpace="nowrap">
            The gate's decision
          </Head>
          {grid.slices.map((slice, index) => (
            <Data key={index} borderBottomWidth="1px" borderColor="border">
              <Mark look={DECISIONS[slice.decision] ?? ""} text={`${slice.day || slice.slice}: ${slice.decision.replaceAll("_", " ")}, ${exactly(slice.rows)} rows`} />
            </Data>
          ))}
        </Row>
        {grid.checks.map((check, row) => (
          <Row key={check.id}>
            <Head scope="row" textAlign="start" fontWeight="normal" position="sticky" insetInlineStart="0" bg="bg" zIndex="1" pe="3" whiteSpace="nowrap" maxW={{ base: "130px", md: "320px" }} overflow="hidden" textOverflow="ellipsis" title={check.id}>
              {check.id}
            </Head>
            {grid.slices.map((slice, column) => {
              const cell = grid.cells[row]?.[column];
              return (
                <Data key={column}>
                  {cell ? <Mark look={lookOf(cell)} text={said(check.id, slice.day || slice.slice, cell)} /> : <Box boxSize="5" title={`${check.id}: not part of this gate`} />}
                </Data>
              );
            })}
          </Row>
        ))}
      </tbody>
    </Root>
  </Box>
  );
};
