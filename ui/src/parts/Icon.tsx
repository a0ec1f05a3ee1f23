// Small line drawings on a grid of 24 by 24, in the colour of the text beside them.
import { chakra } from "@chakra-ui/react";

const PATHS = {
  activity: "M22 12h-4l-3 9L9 3l-3 9H2",
  alert: "M10.3 3.9 1.8 18a2 2 0 0 0 1.7 3h17a2 2 0 0 0 1.7-3L13.7 3.9a2 2 0 0 0-3.4 0zM12 9v4M12 17h.01",
  arrowLeft: "M19 12H5M12 19l-7-7 7-7",
  arrowRight: "M5 12h14M12 5l7 7-7 7",
  ban: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zM5 5l14 14",
  check: "M20 6 9 17l-5-5",
  chevronRight: "M9 18l6-6-6-6",
  circle: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  clock: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zM12 6v6l4 2",
  copy: "M9 9h11v11H9zM5 15H4a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1h10a1 1 0 0 1 1 1v1",
  cross: "M18 6 6 18M6 6l12 12",
  database: "M12 2c5 0 9 1.3 9 3s-4 3-9 3-9-1.300-9-3 4-3 9-3zM21 12c0 1.700-4 3-9 3s-9-1.300-9-3M3 5v14c0 1.700 4 3 9 3s9-1.300 9-3V5",
  external: "M18 13v6a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2h6M15 3h6v6M10 14 21 3",
  eye: "M1 12s4-8 11-8 11 8 11 8-4 8-11 8-11-8-11-8zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  lock: "M5 11h14v10H5zM8 11V7a4 4 0 0 1 8 0v4",
  minus: "M5 12h14",
  question: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zM9.100 9a3 3 0 0 1 5.800 1c0 2-2.900 2.500-2.900 4M12 17.500h.01",
  refresh: "M23 4v6h-6M1 20v-6h6M3.500 9a9 9 0 0 1 14.900-3.400L23 10M1 14l4.600 4.400A9 9 0 0 0 20.500 15",
  search: "M11 3a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM21 21l-4.300-4.300",
  shield: "M12 22s8-4 8-10V5l-8-3-8 3v7c0 6 8 10 8 10z",
  table: "M3 4h18v16H3zM3 10h18M3 15h18M9 4v16",
  undo: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  user: "M20 21v-2a4 4 0 0 0-4-4H8a4 4 0 0 0-4 4v2M12 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
  wrench: "M14.700 6.300a4 4 0 0 0 5 5L21 10a6 6 0 0 1-8 7l-6.500 5a2.100 2.100 0 0 1-3-3L9 12a6 6 0 0 1 7-8z",
} as const;

export type IconName = keyof typeof PATHS;

const Svg = chakra("svg");

/** Decoration: what it means also stands in words beside it, or in `label`. */
export const Icon = ({ name, size = "1em", label }: { name: IconName; size?: string; label?: string }) => (
  <Svg
    viewBox="0 0 24 24"
    width={size}
    height={size}
    fill="none"
    stroke="currentColor"
    strokeWidth="2"
    strokeLinecap="round"
    strokeLinejoin="round"
    flexShrink="0"
    display="inline-block"
    verticalAlign="-0.125em"
    role={label ? "img" : undefined}
    aria-label={label}
    aria-hidden={label ? undefined : true}
  >
    <path d={PATHS[name]} />
  </Svg>
);
