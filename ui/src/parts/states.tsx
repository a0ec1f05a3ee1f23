// What a page says instead of its data: that it loads, that there is nothing, that it failed, and each time what to do.
import { Box, Button, Flex, Heading, Skeleton, Stack, Text } from "@chakra-ui/react";
import type { ReactNode } from "react";

import { type CallError, loginAddress, type Snapshot } from "../lib/http";
import { Icon, type IconName } from "./Icon";

export const Empty = ({ icon = "check", title, children }: { icon?: IconName; title: string; children?: ReactNode }) => (
  <Flex direction="column" align="center" textAlign="center" gap="2" py="10" px="4" color="fg.muted">
    <Icon name={icon} size="28px" />
    <Heading as="p" size="sm" color="fg">
      {title}
    </Heading>
    <Box maxW="54ch" fontSize="sm">
      {children}
    </Box>
  </Flex>
);

export const Loading = ({ rows = 4 }: { rows?: number }) => (
  <Stack gap="3" aria-busy="true" role="status" aria-label="Loading">
    {Array.from({ length: rows }, (_, row) => (
      <Skeleton key={row} height={row ? "48px" : "28px"} width={row ? "100%" : "40%"} />
    ))}
  </Stack>
);

const advice = (error: CallError, what: string): { icon: IconName; title: string; text: string } => {
  if (error.loggedOut) return { icon: "lock", title: "You are not logged in", text: "Log in, and you come back to this page." };
  if (error.status === 403)
    return {
      icon: "lock",
      title: `You may not read ${what}`,
      text: `To read ${what}, you need the right to read the task logs of its Dag. Ask the administrator of Airflow's roles. (${error.message})`,
    };
  if (error.status === 404) return { icon: "search", title: `There is no such thing: ${what}`, text: error.message };
  if (error.status === 503)
    return {
      icon: "database",
      title: "The harness store does not answer",
      text: `${error.message} To find the reason, run airflow harness doctor where Airflow runs.`,
    };
  if (error.status === 0)
    return { icon: "alert", title: "The server was not reached", text: "The page tries again by itself. Check the network." };
  return {
    icon: "alert",
    title: `The server could not give ${what}`,
    text: `It said ${error.status}: ${error.message}. The API server's log has the reason; airflow harness doctor checks the installation.`,
  };
};

export const Failed = ({ error, what, again }: { error: CallError; what: string; again: () => void }) => {
  const { icon, title, text } = advice(error, what);
  return (
    <Box role="alert">
      <Empty icon={icon} title={title}>
        <Text mb="3">{text}</Text>
        {error.loggedOut ? (
          <Button asChild size="sm" colorPalette="brand">
            <a href={loginAddress()}>Log in</a>
          </Button>
        ) : (
          <Button size="sm" variant="outline" onClick={again}>
            Try again
          </Button>
        )}
      </Empty>
    </Box>
  );
};

/** The data when they are there, else why not; data that are old stay, and a line says that they are. */
export const Shown = <T,>({
  of,
  what,
  children,
  rows,
}: {
  of: Snapshot<T> & { again: () => Promise<void> };
  what: string;
  children: (data: T) => ReactNode;
  rows?: number;
}) => {
  if (of.data === undefined)
    return of.error ? <Failed error={of.error} what={what} again={() => void of.again()} /> : <Loading rows={rows} />;
  return (
    <>
      {of.error ? (
        <Text role="status" fontSize="sm" color="awaiting_input.fg" mb="2">
          What you see is as of {new Date(of.at).toLocaleTimeString()}: {of.error.message} It is tried again by itself.
        </Text>
      ) : null}
      {children(of.data)}
    </>
  );
};
