// Lines of a log, with their numbers; the ones that the diagnosis cites are marked by a sign and a colour.
import { Box, chakra, Grid, Text } from "@chakra-ui/react";
import { Fragment } from "react";

import type { LogLine } from "../api";

export const LogLines = ({ lines }: { lines: readonly LogLine[] }) => (
  <Box borderWidth="1px" borderColor="border" borderRadius="sm" bg="bg.subtle" fontFamily="mono" fontSize="xs" lineHeight="1.6" maxH="420px" overflowY="auto" tabIndex={0} role="region" aria-label="Lines of the log">
    {lines.map((line, index) => {
      const before = lines[index - 1];
      const gap = before !== undefined && (line.line !== before.line + 1 || line.source !== before.source);
      return (
        <Fragment key={`${line.source} ${line.line} ${index}`}>
          {gap ? (
            <Text color="fg.muted" px="3" borderYWidth="1px" borderColor="border.muted" userSelect="none">
              ⋯
            </Text>
          ) : null}
          <Grid
            templateColumns="7ch minmax(0, 1fr)"
            columnGap="2"
            px="2"
            colorPalette="awaiting_input"
            bg={line.cited ? "colorPalette.muted" : undefined}
            borderInlineStartWidth="3px"
            borderInlineStartColor={line.cited ? "colorPalette.solid" : "transparent"}
          >
            <Text as="span" color="fg.muted" textAlign="end" userSelect="none" whiteSpace="nowrap">
              {line.cited ? <chakra.span aria-hidden>▸ </chakra.span> : null}
              {line.line}
            </Text>
            <Text as="span" whiteSpace="pre-wrap" overflowWrap="anywhere" fontWeight={line.cited ? "semibold" : undefined}>
              {line.cited ? <chakra.span srOnly>cited: </chakra.span> : null}
              {line.text}
            </Text>
          </Grid>
        </Fragment>
      );
    })}
  </Box>
);
