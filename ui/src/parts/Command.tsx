// A command or a text to take along, exactly as it is.
import { Box, Code, IconButton } from "@chakra-ui/react";
import { useState } from "react";

import { Icon } from "./Icon";

export const Command = ({ text, what = "the command" }: { text: string; what?: string }) => {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    window.setTimeout(() => setCopied(false), 2000);
  };
  return (
    <Box position="relative">
      <Code
        as="pre"
        display="block"
        whiteSpace="pre-wrap"
        overflowWrap="anywhere"
        p="2.5"
        pe={navigator.clipboard ? "10" : "2.5"}
        fontSize="xs"
        lineHeight="1.6"
        maxH="360px"
        overflowY="auto"
        tabIndex={0}
        width="full"
      >
        {text}
      </Code>
      {navigator.clipboard ? (
        <IconButton
          aria-label={copied ? "Copied" : `Copy ${what}`}
          position="absolute"
          top="1"
          insetEnd="1"
          size="xs"
          variant="ghost"
          onClick={() => void copy()}
        >
          <Icon name={copied ? "check" : "copy"} />
        </IconButton>
      ) : null}
    </Box>
  );
};
