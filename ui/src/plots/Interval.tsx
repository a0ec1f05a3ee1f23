// A share with its confidence interval on a line from 0 to 1, and the bar that it must pass.
import { Box, Text } from "@chakra-ui/react";

type Props = { low: number | null; high: number | null; rate: number | null; bar: number | null };

const at = (share: number) => `${Math.max(0, Math.min(1, share)) * 100}%`;
export const percent = (share: number) => `${Math.round(share * 100)} %`;

export const Interval = ({ low, high, rate, bar }: Props) => {
  if (low === null || high === null) return <Text color="fg.muted">–</Text>;
  const passed = bar !== null && low >= bar;
  return (
    <Box>
      <Box position="relative" height="14px" aria-hidden>
        <Box position="absolute" insetX="0" top="6px" height="2px" bg="bg.emphasized" />
        <Box position="absolute" top="4px" height="6px" borderRadius="full" insetInlineStart={at(low)} width={at(high - low)} bg={passed ? "success.solid" : "none.solid"} />
        {rate === null ? null : <Box position="absolute" top="1px" width="3px" height="12px" ms="-1.5px" insetInlineStart={at(rate)} bg="fg" />}
        {bar === null ? null : <Box position="absolute" top="0" height="14px" insetInlineStart={at(bar)} borderInlineStartWidth="2px" borderStyle="dashed" borderColor="awaiting_input.fg" />}
      </Box>
      <Text fontSize="xs" color="fg.muted" fontVariantNumeric="tabular-nums">
        {rate === null ? "" : `${percent(rate)}: `}
        {percent(low)} to {percent(high)}
        {bar === null ? "" : passed ? `, over the bar of ${percent(bar)}` : `, bar at ${percent(bar)}`}
      </Text>
    </Box>
  );
};
