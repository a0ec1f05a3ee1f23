// The card on Airflow's home page: how many incidents need somebody, and the newest of them. It says nothing where nothing is to say.
import { Box, chakra, Flex, Heading, Text } from "@chakra-ui/react";
import { Link } from "react-router-dom";

import { type Dashboard as Whole, path } from "../api";
import { useRead } from "../lib/http";
import { StateBadge, titleOf } from "../domain/badges";
import { HOME } from "../parts/Frame";
import { Icon } from "../parts/Icon";
import { incidentAddress, To } from "../domain/links";
import { Age } from "../parts/Moment";

const Styled = chakra(Link);

const Count = ({ state, count, word, palette }: { state: string; count: number; word: string; palette: string }) => (
  <Styled to={`${HOME}/incidents${state && `?state=${state}`}`} display="flex" alignItems="baseline" gap="1.5" px="2.5" py="1" borderRadius="md" borderWidth="1px" borderColor="border" colorPalette={palette} _hover={{ bg: "bg.muted" }}>
    <chakra.span fontWeight="semibold" fontSize="md" color={count > 0 ? "colorPalette.fg" : "fg.muted"} fontVariantNumeric="tabular-nums">
      {count}
    </chakra.span>
    <chakra.span fontSize="sm">{word}</chakra.span>
  </Styled>
);

export const Dashboard = () => {
  const { data } = useRead<Whole>(path("dashboard"), 15);
  if (!data) return null;
  return (
    <Box as="section" data-harness="card" aria-label="Incidents" borderWidth="1px" borderColor="border" borderRadius="md" p="3" mb="2">
      <Flex gap="2" align="center" wrap="wrap">
        <Icon name="alert" />
        <Heading as="h2" size="sm" me="2">
          Incidents
        </Heading>
        <Count state="" count={data.open} word="open" palette="none" />
        <Count state="asked" count={data.asked} word={data.asked === 1 ? "question" : "questions"} palette="awaiting_input" />
        <Count state="person" count={data.person} word="wait for a person" palette="failed" />
        <Count state="healing" count={data.healing} word="healing" palette="running" />
        <Box ms="auto" fontSize="sm">
          <To to={`${HOME}/incidents`}>All incidents</To>
        </Box>
      </Flex>
      {data.alive ? null : (
        <Flex role="alert" gap="2" mt="2" fontSize="sm" color="failed.fg" align="center">
          <Icon name="alert" /> {data.alive_text}
        </Flex>
      )}
      {data.newest.length > 0 ? (
        <Box as="ul" role="list" mt="2" fontSize="sm">
          {data.newest.map((row) => (
            <Flex as="li" key={row.id} gap="2" align="center" py="1" minW="0" wrap={{ base: "wrap", md: "nowrap" }}>
              <StateBadge row={row} />
              <Box minW="0" truncate>
                <To to={incidentAddress(row.id)}>{titleOf(row)}</To>
              </Box>
              <Text color="fg.muted" truncate hideBelow="md" flex="1" minW="0">
                {row.cause}
              </Text>
              <Text color="fg.muted" fontSize="xs">
                <Age at={row.opened_at} short /> ago
              </Text>
            </Flex>
          ))}
        </Box>
      ) : null}
    </Box>
  );
};
