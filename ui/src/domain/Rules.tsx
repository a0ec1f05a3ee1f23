// The rules of a policy for one act, in order, and why each did or did not decide.
import { Box, Flex, Stack, Text } from "@chakra-ui/react";

import type { RuleSays } from "../api";
import { Icon } from "../parts/Icon";

export const Rules = ({ rules, others }: { rules: readonly RuleSays[]; others: number }) => (
  <Stack as="ol" role="list" gap="0" fontSize="sm">
    {rules.map(({ rule, decides, why }) => (
      <Flex as="li" key={rule} gap="2" py="1" px="2" align="baseline" borderRadius="sm" bg={decides ? "bg.muted" : undefined} color={decides ? undefined : "fg.muted"}>
        <Box position="relative" top="2px">
          <Icon name={decides ? "check" : "minus"} label={decides ? "decided" : "did not apply"} />
        </Box>
        <Box minW="0" overflowWrap="anywhere">
          <Text as="code" fontWeight={decides ? "semibold" : undefined}>
            {rule}
          </Text>{" "}
          {why}
        </Box>
      </Flex>
    ))}
    {others > 0 ? (
      <Text as="li" px="2" py="1" color="fg.muted">
        {others} {others === 1 ? "rule is" : "rules are"} about other acts.
      </Text>
    ) : null}
  </Stack>
);
