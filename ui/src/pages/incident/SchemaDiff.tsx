// What the contract promises and what the source has, side by side, with the DDL that a person could apply.
import { Box, chakra, Stack, Table, Text } from "@chakra-ui/react";

import type { Schema } from "../../api";
import { ResultBadge, Tag, wordOf } from "../../domain/badges";
import { Card, Part } from "../../parts/Card";
import { Command } from "../../parts/Command";
import { Scroll } from "../../parts/Scroll";

const Code = ({ sign, text, palette }: { sign: string; text: string; palette: string }) =>
  text ? (
    <chakra.code display="block" fontSize="xs" colorPalette={palette} bg="colorPalette.subtle" px="1.5" overflowWrap="anywhere">
      {sign} {text}
    </chakra.code>
  ) : null;

export const SchemaDiff = ({ schema }: { schema: Schema }) => (
  <Card title="How the schema differs" icon="database" aside={<ResultBadge result={schema.blocking ? "block" : "warning"} />}>
    <Text fontSize="sm" mb="3" overflowWrap="anywhere">
      {schema.sentence} <chakra.span color="fg.muted">{schema.place}</chakra.span>
    </Text>
    <Scroll label="Changes" framed>
      <Table.Root size="sm">
        <Table.Header>
          <Table.Row>
            {["Column", "Change", "Contract − and source +"].map((head) => (
              <Table.ColumnHeader key={head}>{head}</Table.ColumnHeader>
            ))}
          </Table.Row>
        </Table.Header>
        <Table.Body>
          {schema.changes.map((change, index) => (
            <Table.Row key={index} verticalAlign="top">
              <Table.Cell fontWeight="medium">
                {change.column}
                {change.renamed_to ? ` → ${change.renamed_to}` : ""}
              </Table.Cell>
              <Table.Cell>
                <Tag palette={change.blocking ? "red" : "gray"}>{wordOf(change.kind)}</Tag>
                {change.why ? (
                  <Text fontSize="xs" color="fg.muted" mt="1">
                    {change.why}
                  </Text>
                ) : null}
              </Table.Cell>
              <Table.Cell>
                <Code sign="−" text={change.expected} palette="red" />
                <Code sign="+" text={change.found} palette="green" />
              </Table.Cell>
            </Table.Row>
          ))}
        </Table.Body>
      </Table.Root>
    </Scroll>
    {schema.ddl.length > 0 ? (
      <Part title="What would change the table; the harness does not execute it">
        <Stack>
          <Command text={schema.ddl.join("\n")} what="the DDL" />
        </Stack>
      </Part>
    ) : (
      <Box />
    )}
  </Card>
);
