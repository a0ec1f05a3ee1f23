// Ways into Airflow's own pages and between ours.
import { chakra } from "@chakra-ui/react";
import type { ReactNode } from "react";
import { Link } from "react-router-dom";

import type { Task } from "../api";
import { HOME } from "../parts/Frame";
import { Icon } from "../parts/Icon";

const Styled = chakra(Link);

export const To = ({ to, children }: { to: string; children: ReactNode }) => (
  <Styled to={to} color="fg.info" fontWeight="medium" overflowWrap="anywhere" _hover={{ textDecoration: "underline" }}>
    {children}
  </Styled>
);

export const incidentAddress = (id: string): string => `${HOME}/incidents/${encodeURIComponent(id)}`;
export const tableAddress = (name: string, conn_id = ""): string =>
  `${HOME}/tables/${encodeURIComponent(name)}${conn_id && `?conn_id=${encodeURIComponent(conn_id)}`}`;

/** Where Airflow shows a task instance; its log is that page's first tab. */
export const taskAddress = (task: Task): string => {
  const { dag_id, run_id, task_id, map_index, try_number } = task;
  const run = `/dags/${encodeURIComponent(dag_id)}/runs/${encodeURIComponent(run_id)}`;
  if (!task_id) return run;
  const index = map_index >= 0 ? `/mapped/${map_index}` : "";
  return `${run}/tasks/${encodeURIComponent(task_id)}${index}${try_number > 0 ? `?try_number=${try_number}` : ""}`;
};

export const taskName = ({ dag_id, task_id, map_index }: Task): string =>
  [dag_id, task_id].filter(Boolean).join(" / ") + (map_index >= 0 ? ` [${map_index}]` : "");

export const TaskLink = ({ task, children }: { task: Task; children?: ReactNode }) => (
  <To to={taskAddress(task)}>
    {children ?? taskName(task)} <Icon name="external" size="0.85em" />
  </To>
);
