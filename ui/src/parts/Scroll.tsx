// What may be wider than the page scrolls by itself, by keyboard, too.
import { Box, type BoxProps } from "@chakra-ui/react";

export const Scroll = ({ label, framed = false, ...props }: BoxProps & { label: string; framed?: boolean }) => (
  <Box position="relative" overflow="auto" tabIndex={0} role="region" aria-label={label} {...(framed ? { borderWidth: "1px", borderColor: "border", borderRadius: "md" } : {})} {...props} />
);
