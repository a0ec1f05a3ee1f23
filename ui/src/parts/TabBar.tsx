// Views of one thing; which one is chosen stands in the query, so nothing is mounted anew.
import { Box, chakra } from "@chakra-ui/react";
import { type KeyboardEvent, useEffect, useRef } from "react";

type Props = {
  label: string;
  chosen: string;
  choose: (name: string) => void;
  of: readonly (readonly [name: string, word: string, count?: number])[];
};

const Tab = chakra("button");

export const TabBar = ({ label, chosen, choose, of }: Props) => {
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const tab = bar.current?.querySelector<HTMLElement>("[aria-selected=true]");
    if (bar.current && tab) bar.current.scrollLeft = tab.offsetLeft + tab.offsetWidth / 2 - bar.current.clientWidth / 2;
  }, [chosen]);
  const move = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const tabs = [...event.currentTarget.querySelectorAll<HTMLButtonElement>("[role=tab]")];
    const at = tabs.findIndex((tab) => tab === document.activeElement);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    next?.focus();
    next?.click();
  };
  return (
    <Box ref={bar} position="relative" role="tablist" aria-label={label} onKeyDown={move} display="flex" overflowX="auto" borderBottomWidth="1px" borderColor="border">
      {of.map(([name, word, count]) => (
        <Tab
          key={name}
          type="button"
          role="tab"
          aria-selected={chosen === name}
          tabIndex={chosen === name ? 0 : -1}
          onClick={() => choose(name)}
          px="3"
          py="2"
          fontSize="sm"
          fontWeight="medium"
          whiteSpace="nowrap"
          cursor="pointer"
          color={chosen === name ? "fg" : "fg.muted"}
          borderBottomWidth="2px"
          borderColor={chosen === name ? "brand.solid" : "transparent"}
          _hover={{ color: "fg" }}
          _focusVisible={{ outline: "2px solid", outlineColor: "brand.focusRing", outlineOffset: "-2px" }}
        >
          {word}
          {count ? ` (${count})` : ""}
        </Tab>
      ))}
    </Box>
  );
};
