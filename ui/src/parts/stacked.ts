// A wide table on a phone: one row after the other, each cell under its column's name, which it says as `data-label`.
import type { SystemStyleObject } from "@chakra-ui/react";

const LABEL: SystemStyleObject = { content: "attr(data-label)", display: "block", fontSize: "xs", color: "fg.muted", fontFamily: "body", fontWeight: "normal" };

export const STACKED: SystemStyleObject = {
  mdDown: {
    "&, & tbody, & td": { display: "block" },
    "& thead": { position: "absolute", width: "1px", height: "1px", overflow: "hidden", clipPath: "inset(50%)" },
    "& tr": { display: "grid", gridTemplateColumns: "repeat(3, minmax(0, 1fr))", gap: "2", px: "4", py: "3", borderBottomWidth: "1px", borderColor: "border" },
    "& td": { p: "0", border: "0", textAlign: "start", minWidth: "0", gridColumn: "1 / -1", overflowWrap: "anywhere" },
    "& td[data-short]": { gridColumn: "auto" },
    "& td[data-label]::before": LABEL,
    "& td:empty": { display: "none" },
  },
};
