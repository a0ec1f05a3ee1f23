// How the newest slices turned out, as small bars: full height where everything passed.
import { Box, Flex } from "@chakra-ui/react";

import type { TableRow } from "../api";

const PALETTES: Record<string, string> = { publish: "success", publish_without: "up_for_retry", quarantine: "up_for_retry", block: "failed" };

export const Trend = ({ of }: { of: TableRow["trend"] }) => {
  const blocked = of.filter(({ decision }) => decision === "block").length;
  return (
    <Flex align="flex-end" gap="2px" height="22px" role="img" aria-label={`${of.length} newest slices, ${blocked} of them blocked`}>
      {of.map((slice, index) => (
        <Box
          key={index}
          width="5px"
          height={slice.decision === "block" ? "8px" : `${10 + 12 * Math.max(0, Math.min(1, slice.share_passed ?? 1))}px`}
          bg={`${PALETTES[slice.decision] ?? "none"}.solid`}
          borderRadius="1px"
          title={`${slice.slice}: ${slice.decision.replaceAll("_", " ")}${slice.share_passed === null ? "" : `, ${Math.round(slice.share_passed * 100)} % of the checks passed`}`}
        />
      ))}
    </Flex>
  );
};
