// Names and values, one under the other on a phone and side by side elsewhere.
import { Box, Grid, Text } from "@chakra-ui/react";
import { Fragment, type ReactNode } from "react";

export type Fact = readonly [name: string, value: ReactNode];

export const Facts = ({ of }: { of: readonly (Fact | false | null | undefined)[] }) => (
  <Grid as="dl" templateColumns={{ base: "88px minmax(0, 1fr)", sm: "minmax(110px, max-content) minmax(0, 1fr)" }} columnGap={{ base: "2.5", sm: "4" }} rowGap="1.5" fontSize="sm">
    {of.map((fact) =>
      fact ? (
        <Fragment key={fact[0]}>
          <Text as="dt" color="fg.muted">
            {fact[0]}
          </Text>
          <Box as="dd" minW="0" overflowWrap="anywhere">
            {fact[1]}
          </Box>
        </Fragment>
      ) : null,
    )}
  </Grid>
);
