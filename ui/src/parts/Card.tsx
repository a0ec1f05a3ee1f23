// A titled part of a page, with an anchor that a link can lead to.
import { Box, Flex, Heading } from "@chakra-ui/react";
import { type ReactNode, useId } from "react";

import { Icon, type IconName } from "./Icon";

type Props = { title: string; icon?: IconName; aside?: ReactNode; children: ReactNode; accent?: string; flush?: boolean };

export const Card = ({ title, icon, aside, children, accent, flush = false }: Props) => {
  const id = useId();
  return (
    <Box
      as="section"
      aria-labelledby={id}
      borderWidth="1px"
      borderRadius="md"
      bg="bg"
      minW="0"
      overflow="hidden"
      {...(accent
        ? { colorPalette: accent, borderColor: "colorPalette.solid", borderTopWidth: "3px" }
        : { borderColor: "border" })}
    >
      <Flex align="center" gap="2" px="4" pt="3" pb="2" wrap="wrap">
        {icon ? <Icon name={icon} /> : null}
        <Heading as="h2" id={id} size="sm" flex="1" minW="0">
          {title}
        </Heading>
        {aside}
      </Flex>
      <Box px={flush ? "0" : "4"} pb={flush ? "0" : "4"}>
        {children}
      </Box>
    </Box>
  );
};

/** A part of a card. */
export const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <Box mt="4">
    <Heading as="h3" size="xs" color="fg.muted" mb="1.5" fontWeight="semibold">
      {title}
    </Heading>
    {children}
  </Box>
);
