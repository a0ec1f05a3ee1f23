// What the gate measured: the checks that failed first, then, folded away, those that passed.
import { Box, Flex, Grid, Text } from "@chakra-ui/react";
import type { ReactNode } from "react";

import type { Check, Gate } from "../../api";
import { ResultBadge, Tag } from "../../domain/badges";
import { sliceName } from "../../lib/time";
import { Card } from "../../parts/Card";

export const percent = (share: number): string => {
  const value = share * 100;
  return `${value > 0 && value < 0.01 ? "< 0.01" : value.toLocaleString("en", { maximumFractionDigits: 2 })} %`;
};

const result = ({ passed, error, severity }: Pick<Check, "passed" | "error" | "severity">): string =>
  passed ? "passed" : error ? "error" : severity === "error" ? "failed" : "warning";

const HISTORY = { new: ["New", "red"], failing_before: ["Failed before, too", "orange"], unknown: null } as const;

const Share = ({ share }: { share: number }) => (
  <Box minW="70px">
    <Text as="span" fontVariantNumeric="tabular-nums">
      {percent(share)}
    </Text>
    <Box height="4px" borderRadius="full" bg="bg.emphasized" mt="0.5" aria-hidden>
      <Box height="100%" borderRadius="full" bg="failed.solid" width={`${Math.max(2, share * 100)}%`} />
    </Box>
  </Box>
);

const COLUMNS = "minmax(0, 1.6fr) 128px minmax(0, 1fr) minmax(0, 1fr) 96px";
const HEADS = ["Check", "Result", "Expected", "Found", "Share of rows"] as const;

/** A value with its name before it where there is no head above. */
const Value = ({ name, children }: { name: string; children: ReactNode }) => (
  <Box minW="0" overflowWrap="anywhere">
    <Text as="span" color="fg.muted" fontSize="xs" hideFrom="md">
      {name}:{" "}
    </Text>
    {children}
  </Box>
);

const Checks = ({ of }: { of: readonly Check[] }) => (
  <Box fontSize="sm">
    <Grid aria-hidden hideBelow="md" templateColumns={COLUMNS} columnGap="4" px="4" py="1.5" bg="bg.muted" fontSize="xs" fontWeight="semibold" color="fg.muted">
      {HEADS.map((head) => (
        <span key={head}>{head}</span>
      ))}
    </Grid>
    <Box as="ul" role="list" listStyleType="none">
      {of.map((check) => {
        const history = check.passed ? null : HISTORY[check.history];
        return (
          <Grid as="li" key={check.id} templateColumns={{ base: "minmax(0, 1fr)", md: COLUMNS }} columnGap="4" rowGap="1" px="4" py="2" borderTopWidth="1px" borderColor="border" alignItems="start">
            <Box minW="0">
              <Text fontWeight="medium" overflowWrap="anywhere">
                {check.id}
              </Text>
              {check.look_at && !check.passed ? (
                <Text fontSize="xs" color="fg.muted">
                  {check.look_at}
                </Text>
              ) : null}
            </Box>
            <Flex direction={{ base: "row", md: "column" }} gap="1" align="flex-start" wrap="wrap">
              <ResultBadge result={result(check)} />
              {history ? <Tag palette={history[1]}>{history[0]}</Tag> : null}
            </Flex>
            <Value name="Expected">{check.expected}</Value>
            <Value name="Found">{check.error || check.actual}</Value>
            {check.share === null ? <Text hideBelow="md">–</Text> : <Share share={check.share} />}
          </Grid>
        );
      })}
    </Box>
  </Box>
);

export const GateChecks = ({ gate }: { gate: Gate }) => {
  const failed = gate.checks.filter((check) => !check.passed).sort((a, b) => Number(b.blocking) - Number(a.blocking));
  const passed = gate.checks.filter((check) => check.passed);
  return (
    <Card title="What the gate found" icon="shield" flush aside={<ResultBadge result={gate.decision} />}>
      <Text fontSize="sm" color="fg.muted" px="4" pb="2" overflowWrap="anywhere">
        {gate.table}
        {gate.slice ? ` · slice ${sliceName(gate.slice)}` : ""} · {gate.where} · {gate.rows.toLocaleString("en")} rows
        {gate.malformed > 0 ? `, ${gate.malformed.toLocaleString("en")} of them fail` : ""}
        {gate.contract_version ? ` · contract ${gate.contract} ${gate.contract_version}` : ""}
      </Text>
      {failed.length > 0 ? <Checks of={failed} /> : null}
      {passed.length > 0 ? (
        <Box as="details" px="4" py="3" fontSize="sm">
          <Text as="summary" cursor="pointer" color="fg.muted">
            {passed.length} {passed.length === 1 ? "check" : "checks"} passed
          </Text>
          <Box mx="-4" mt="2">
            <Checks of={passed} />
          </Box>
        </Box>
      ) : null}
    </Card>
  );
};
