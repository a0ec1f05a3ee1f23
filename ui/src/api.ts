// The JSON of the harness's API under harness/api, as the pages read it. Moments are ISO 8601 in UTC; texts are plain text.

/** Where an incident stands; the first five are open. */
export type State = "waiting" | "healing" | "asked" | "taken" | "person" | "resolved" | "over";
export type Severity = "" | "low" | "medium" | "high" | "critical";

export type Task = { dag_id: string; run_id: string; task_id: string; map_index: number; try_number: number };

export type Me = {
  user: string;
  mode: "off" | "shadow" | "act";
  can: { policy: boolean; health: boolean; accept_autonomy: boolean };
  version: string;
};

export type IncidentRow = Task & {
  id: string;
  name: string; // the shortest beginning of the id that no other incident has
  title: string;
  state: State;
  stands: string;
  open: boolean;
  outcome: string;
  severity: Severity;
  paged: boolean;
  owners: string[];
  teams: string[];
  tables: string[];
  slices: string[];
  for_whom: string;
  category: string;
  cause: string;
  failures: number;
  dags: number;
  opened_at: string;
  touched_at: string;
  closed_at: string | null;
  resolved_at: string | null;
  resolved_by: string;
  taken_by: string;
  due: { what: string; until: string; late: boolean } | null;
  promise: { table: string; slice: string; words: string; due_at: string } | null;
  next_step: string;
};

export type Counts = Record<string, number>;

export type IncidentPage = {
  rows: IncidentRow[];
  next_cursor: string | null;
  total: number;
  counts: { state: Counts; severity: Counts };
  choices: { dag_id: string[]; owner: string[]; team: string[]; category: string[] };
};

export type Question = {
  sentence: string;
  action: string;
  what: string;
  arguments: Record<string, string>;
  expires_at: string | null;
  expired: boolean;
  assigned: string[];
  if_refused: string;
  if_nobody: string;
  url: string;
  rule: string;
  reason: string;
  opened_at: string | null;
  answer: string;
  answered_by: string;
  quickest_seconds: number; // Airflow loses answers that come sooner after opened_at
  hitl: { dag_id: string; run_id: string; task_id: string; map_index: number; approve: string; refuse: string };
};

export type LogLine = { source: string; line: number; text: string; cited?: boolean };

export type Check = {
  id: string;
  kind: string;
  columns: string[];
  severity: string;
  passed: boolean;
  blocking: boolean;
  expected: string;
  actual: string;
  failing: number | null;
  share: number | null; // 0 to 1
  look_at: string;
  error: string;
  history: "new" | "failing_before" | "unknown";
  samples: string[];
};

export type Gate = {
  table: string;
  slice: string;
  where: string;
  rows: number;
  malformed: number;
  decision: string;
  contract: string;
  contract_version: string;
  checks: Check[];
};

export type Schema = {
  side: string;
  table: string;
  blocking: boolean;
  sentence: string;
  place: string;
  ddl: string[];
  changes: {
    kind: string;
    column: string;
    expected: string;
    found: string;
    blocking: boolean;
    ddl: string;
    renamed_to: string;
    why: string;
  }[];
};

export type RuleSays = { rule: string; decides: boolean; why: string };

export type Verdict = {
  action: string;
  arguments: Record<string, string>;
  verdict: string;
  rule: string;
  reason: string;
  policy_version: number;
  acting: boolean;
  facts: Record<string, unknown>;
  rules: RuleSays[];
  others: number; // rules of other actions
  explained: string;
};

export type Happened = { at: string; kind: string; word: string; text: string; by: string };

export type Graph = {
  nodes: {
    id: string;
    name: string;
    namespace: string;
    table: string;
    root: boolean;
    hurt: boolean;
    open_incidents: string[];
  }[];
  edges: {
    source: string;
    target: string;
    task: string;
    columns: { from_column: string; to_column: string; how: string; masking: boolean }[];
  }[];
  cut: boolean;
};

export type Said = { at: string; role: string; text: string; tool: string };

export type Act = "take" | "return" | "acknowledge" | "resolve";

export type Incident = {
  row: IncidentRow;
  may: { act: boolean; answer: boolean; why_not: string };
  headline: string;
  next: string[];
  actions: Act[];
  question: Question | null;
  broke: {
    failures: (Task & {
      key: string;
      kind: string;
      at: string;
      operator: string;
      table: string;
      slice: string;
      slice_day: string;
      error: string;
      leading: boolean;
    })[];
    more: number;
    hidden: number;
    not_known: string[];
  };
  published: string[];
  whom: string[];
  cause: {
    category: string;
    sentence: string;
    basis: string;
    certainty: string;
    how_sure: string;
    why: string;
    alternatives: string[];
    against: string[];
    connections: Record<string, string>;
  } | null;
  evidence: {
    observations: { source: string; text: string }[];
    log: LogLine[];
    citations: LogLine[];
    facts: Record<string, unknown>;
    samples: string[];
    log_in_airflow: Task | null;
  };
  gate: Gate | null;
  schema: Schema | null;
  verdict: Verdict | null;
  acts: { act: string; started_at: string; ended_at: string | null; result: string }[];
  verification: {
    at: string;
    outcome: string;
    text: string;
    gates: { table: string; slice: string; passed: boolean; text: string }[];
  }[];
  timeline: Happened[];
  lineage: Graph;
  same_cause: { dag_id: string; run_id: string; task_id: string; failures: number }[];
  similar: { id: string; name: string; opened_at: string; title: string; outcome: string; helped: string }[];
  model: { asked: number; cost_usd: number };
  conversation: Said[] | null;
  drafts: { kind: string; title: string; text: string; at: string }[] | null;
  audit: { events: number; head: string; holds: boolean | null; text: string };
  commands: Record<string, string>;
};

export type Done = { done: boolean; text: string };

export type TableRow = {
  table: string;
  conn_id: string;
  contract: string;
  version: string;
  file: string;
  owner: string;
  criticality: string;
  readiness: string;
  dag_id: string;
  task_id: string;
  last_slice: string;
  last_slice_end: string | null;
  published_at: string | null;
  freshness: { words: string; due_at: string | null; late: boolean; at_risk: boolean } | null;
  gate: { decision: string; at: string; slice: string; rows: number; failed: string[]; flagged: string[] } | null;
  trend: { slice: string; decision: string; rows: number; share_passed: number | null }[]; // oldest first
  quarantined: number;
  incidents: string[];
};
export type TablePage = { rows: TableRow[]; next_cursor: string | null; total: number; owners: string[] };

export type Cell = { passed: boolean; flagged: boolean; error: string; value: number | null; share: number | null };
export type Metric = {
  check: string;
  kind: string;
  unit: string;
  points: { slice: string; at: string; value: number; low: number | null; high: number | null; anomaly: boolean }[];
};

export type Typical = { median: number; p95: number };

export type Kpis = {
  table: string;
  slices: number;
  newest: string;
  age_hours: number | null;
  passed: number | null; // 0 to 1, of the newer half of the slices
  passed_before: number | null; // of the older half
  unusual: number;
  blocked: number;
  arrival_minutes: Typical | null;
  stages: Record<string, Typical>; // milliseconds by "place: stage"
};

export type Table = {
  row: TableRow;
  contract: {
    id: string;
    version: string;
    name: string;
    status: string;
    description: string;
    granularity: string;
    owner: { team: string; members: string[]; channels: string[] };
    consumers: { name: string; purpose: string; columns: string[] }[];
    columns: {
      name: string;
      type: string;
      logical: string;
      required: boolean;
      key: boolean;
      classification: string;
      shown: boolean;
      description: string;
    }[];
    checks: { id: string; kind: string; columns: string[]; severity: string; words: string }[];
    slas: string[];
    why_unknown: string;
  } | null;
  grid: {
    slices: {
      slice: string;
      day: string;
      start: string;
      gate: string;
      decision: string;
      rows: number;
      malformed: number;
      measured_at: string;
      task: string;
    }[];
    checks: { id: string; kind: string; severity: string }[];
    cells: (Cell | null)[][]; // a row a check, a cell a slice
  };
  metrics: Metric[];
  kpis: Kpis | null; // of the newest slices
  versions: {
    version: string;
    first_at: string;
    changes: { where: string; what: string; breaking: boolean }[];
  }[]; // newest first
  schema_changes: { at: string; incident: string; sentence: string; ddl: string[] }[];
  lineage: Graph;
  quarantine: {
    possible: boolean;
    table: string;
    slices: { slice: string; rows: number; at: string; checks: string[] }[];
    samples: { check: string; row: Record<string, unknown> }[];
    list: string;
    release: string;
  };
  incidents: IncidentRow[];
};

type Spread = { median: number | null; p95: number | null; count: number };

export type Health = {
  since: string;
  until: string;
  teams: string[];
  verdict_seconds: Spread;
  recovery_seconds: Spread;
  outcomes: Counts;
  incidents: number;
  failures: number;
  heals: number;
  false_heals: number;
  escalations: number;
  questions: { asked: number; approved: number; refused: number; expired: number };
  pages: { sent: number; saved: number; by_severity: Counts };
  promises: { told: number; kept: number; broken: number; open: number };
  model: {
    cost_usd: number;
    today_usd: number;
    per_day_usd: number | null;
    per_incident_usd: number | null;
    calls: number;
    name: string;
  };
  breaker: { stopped: { incident: string; at: string; why: string }[]; limit: number };
  alive: { part: string; ok: boolean | null; last: string | null; text: string }[];
  days: {
    day: string;
    opened: number;
    healed: number;
    escalated: number;
    other: number;
    pages: number;
    saved: number;
    cost_usd: number;
    verdict_median: number | null;
    recovery_median: number | null;
  }[];
  by_team: {
    team: string;
    incidents: number;
    healed: number;
    escalated: number;
    pages: number;
    recovery_median: number | null;
  }[];
};

export type Policy = {
  version: number;
  file: string;
  rules: {
    id: string;
    action: string;
    verdict: string;
    when: string[];
    reason: string;
    per_incident: number | null;
    per_dag_per_day: number | null;
    finding: string;
  }[];
  facts: { name: string; type: string; meaning: string; values: string[] | null }[];
  actions: { name: string; what: string; risk: string; parameters: string[] }[];
  text: string;
};

export type Explained = {
  action: string;
  facts: Record<string, unknown>;
  rules: RuleSays[];
  others: number;
  verdict: string;
  rule: string;
  reason: string;
  policy_version: number;
  was: { verdict: string; rule: string; reason: string } | null;
};

export type Simulated = {
  judged: number;
  changes: {
    incident: string;
    at: string;
    action: string;
    category: string;
    was: string;
    was_rule: string;
    would_be: string;
    would_be_rule: string;
    why: string;
  }[];
  hidden: number;
};

export type AutonomyRow = {
  category: string;
  action: string;
  asked: number;
  approved: number;
  refused: number;
  healed: number;
  not_healed: number;
  harm: number;
  unknown: number;
  rate: number | null;
  low: number | null;
  high: number | null;
  state: "none" | "proposed" | "accepted" | "expired" | "withdrawn";
  proposal: string;
  accepted_by: string;
  accepted_at: string | null;
  until: string | null;
  withdrawn_by: string;
  text: string;
};
export type Autonomy = {
  bar: { heals: number; lower: number; days: number; valid_days: number } | null;
  bar_text: string;
  rows: AutonomyRow[];
  may_accept: boolean;
};

export type GateOfTask = {
  table: string;
  slice: string;
  day: string;
  gate: string;
  decision: string;
  rows: number;
  malformed: number;
  measured_at: string;
  task: string;
  checks: (Cell & { id: string; kind: string; severity: string })[];
};

export type AboutTask = {
  mode: string;
  lines: string[];
  tables: string[];
  reads: string[];
  writes: string[];
  last_incident: IncidentRow | null;
};

export type Dashboard = {
  open: number;
  asked: number;
  person: number;
  taken: number;
  healing: number;
  critical: number;
  newest: IncidentRow[];
  alive: boolean;
  alive_text: string;
};

type Values = Record<string, string | number | readonly string[] | undefined>;

/** An address below harness/api, without what is empty in the query. */
export const path = (of: string, query: Values = {}): string => {
  const params = new URLSearchParams();
  Object.entries(query).forEach(([name, value]) =>
    [value ?? ""].flat().forEach((item) => item !== "" && params.append(name, String(item))),
  );
  const text = params.toString();
  return `harness/api/${of}${text ? `?${text}` : ""}`;
};

const part = encodeURIComponent;

export const incidentPath = (id: string, act = ""): string => path(`incidents/${part(id)}${act && `/${act}`}`);

/** Airflow's own: the question of an approval task, answered with the person's cookie. */
export const answerPath = ({ dag_id, run_id, task_id, map_index }: Question["hitl"]): string =>
  `api/v2/dags/${part(dag_id)}/dagRuns/${part(run_id)}/taskInstances/${part(task_id)}/${map_index}/hitlDetails`;
