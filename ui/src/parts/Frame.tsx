// What every page has: its title, the way to the other pages, and a place for what is on it.
import { Box, chakra, Flex, Heading, Text } from "@chakra-ui/react";
import { type ReactNode, useEffect } from "react";
import { Link } from "react-router-dom";

import { type Me, path } from "../api";
import { useRead } from "../lib/http";
import { Icon, type IconName } from "./Icon";
import { Toasts } from "./toaster";

export const HOME = "/plugin/harness";
const PLACES: readonly (readonly [string, string, IconName])[] = [
  ["incidents", "Incidents", "alert"],
  ["tables", "Tables", "table"],
  ["health", "Health", "activity"],
  ["policy", "Policy", "shield"],
];
const RouterLink = chakra(Link);

const MODES: Record<Me["mode"], string> = {
  off: "The harness is off: it records failures and does nothing about them. ([harness] mode)",
  shadow: "The harness is in shadow mode: it says what it would do, and does nothing. ([harness] mode)",
  act: "",
};

export const Frame = ({ place, title, children, aside, back }: { place: string; title: string; children: ReactNode; aside?: ReactNode; back?: readonly [string, string] }) => {
  const me = useRead<Me>(path("me"));
  useEffect(() => {
    const before = document.title;
    document.title = `${title} - Harness - Airflow`;
    return () => {
      document.title = before;
    };
  }, [title]);
  const mode = me.data ? MODES[me.data.mode] : "";
  return (
    <Box height="100%" overflowY="auto" data-harness="page">
      <Box maxW="1800px" mx="auto" px={{ base: "3", md: "4" }} pb="10">
        <Flex as="nav" aria-label="Harness" gap="1" borderBottomWidth="1px" borderColor="border" mb="4" overflowX="auto">
          {PLACES.map(([name, word, icon]) => (
            <RouterLink
              key={name}
              to={`${HOME}/${name}`}
              aria-current={place === name ? "page" : undefined}
              display="flex"
              alignItems="center"
              gap="1.5"
              px={{ base: "2", sm: "3" }}
              py="2.5"
              fontSize="sm"
              fontWeight="medium"
              color={place === name ? "fg" : "fg.muted"}
              borderBottomWidth="2px"
              borderColor={place === name ? "brand.solid" : "transparent"}
              _hover={{ color: "fg" }}
              _focusVisible={{ outline: "2px solid", outlineColor: "brand.focusRing", outlineOffset: "-2px" }}
            >
              <Box hideBelow="sm">
                <Icon name={icon} />
              </Box>
              {word}
            </RouterLink>
          ))}
        </Flex>
        {mode ? (
          <Text fontSize="sm" color="awaiting_input.fg" mb="3" role="status">
            {mode}
          </Text>
        ) : null}
        <Flex align="center" gap="3" mb="4" wrap="wrap">
          <Box flex="1" minW="0">
            {back ? (
              <RouterLink to={back[0]} display="inline-flex" alignItems="center" gap="1" fontSize="xs" color="fg.muted" mb="1" _hover={{ color: "fg" }}>
                <Icon name="arrowLeft" />
                {back[1]}
              </RouterLink>
            ) : null}
            <Heading as="h1" size={{ base: "lg", md: "xl" }} overflowWrap="anywhere">
              {title}
            </Heading>
          </Box>
          {aside}
        </Flex>
        {children}
      </Box>
      <Toasts />
    </Box>
  );
};
