// Calls of the harness's API and of Airflow's, with the person's own cookie. Addresses are relative to <base>, so that a
// server below a path works; what was read stays in memory, since the host mounts the page anew at each change of address.
import { useCallback, useEffect, useRef, useSyncExternalStore } from "react";

/** Why a call gave nothing. `status` 0: the server was not reached. */
export class CallError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }

  /** The person is not logged in any more; Airflow answers a token that it cannot read with 403. */
  get loggedOut(): boolean {
    return this.status === 401 || (this.status === 403 && /invalid jwt|token/i.test(this.message));
  }
}

export const address = (path: string): URL => new URL(path, document.baseURI);

/** Airflow's login, which leads back to where the person is. */
export const loginAddress = (): string => {
  const login = address("api/v2/auth/login");
  login.searchParams.set("next", window.location.href);
  return login.href;
};

const said = async (response: Response): Promise<string> => {
  const text = await response.text();
  try {
    const { detail, fix } = JSON.parse(text) as { detail?: unknown; fix?: string };
    if (typeof detail === "string") return [detail, fix].filter(Boolean).join(" ");
    if (Array.isArray(detail)) return detail.map((item: { msg?: string }) => item.msg ?? "").join("; ");
    const message = (detail as { message?: unknown } | null)?.message;
    return typeof message === "string" ? message : text.slice(0, 500);
  } catch {
    return text.slice(0, 500);
  }
};

const call = async (path: string, init: RequestInit): Promise<Response> => {
  try {
    return await fetch(address(path), { credentials: "same-origin", cache: "no-store", ...init });
  } catch {
    throw new CallError(0, "The server was not reached.");
  }
};

/** A write: JSON, with the header that no foreign page can send. */
export const send = async <T>(method: "POST" | "PATCH", path: string, body: unknown): Promise<T> => {
  const response = await call(path, {
    method,
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-Requested-With": "harness" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new CallError(response.status, await said(response));
  return (await response.json()) as T;
};

type Entry = {
  data?: unknown;
  error?: CallError;
  etag?: string;
  at: number;
  busy: boolean;
  listeners: Set<() => void>;
  seen: Snapshot<unknown>;
};

export type Snapshot<T> = { data?: T; error?: CallError; loading: boolean; at: number };

const NOTHING: Snapshot<never> = { loading: true, at: 0 };
const entries = new Map<string, Entry>();
const MOST_ENTRIES = 60;

const entryOf = (path: string): Entry => {
  const known = entries.get(path);
  if (known) return known;
  for (const [name, old] of entries) {
    if (entries.size < MOST_ENTRIES) break;
    if (old.listeners.size === 0) entries.delete(name);
  }
  const made: Entry = { at: 0, busy: false, listeners: new Set(), seen: NOTHING };
  entries.set(path, made);
  return made;
};

const tell = (entry: Entry) => {
  const { data, error, at } = entry;
  entry.seen = { data, error, at, loading: data === undefined && error === undefined };
  entry.listeners.forEach((listener) => listener());
};

const read = async (path: string): Promise<void> => {
  const entry = entryOf(path);
  if (entry.busy) return;
  entry.busy = true;
  try {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (entry.etag && entry.data !== undefined) headers["If-None-Match"] = entry.etag;
    const response = await call(path, { headers });
    if (response.status === 304) {
      entry.error = undefined;
    } else if (!response.ok) {
      throw new CallError(response.status, await said(response));
    } else if (!(response.headers.get("content-type") ?? "").includes("json")) {
      throw new CallError(404, "The server answered with a page where data were asked for.");
    } else {
      entry.data = await response.json();
      entry.etag = response.headers.get("ETag") ?? undefined;
      entry.error = undefined;
    }
  } catch (error) {
    entry.error = error instanceof CallError ? error : new CallError(0, String(error));
    if (entry.error.status === 401 || entry.error.status === 403 || entry.error.status === 404) entry.data = undefined;
  } finally {
    entry.busy = false;
    entry.at = Date.now();
    tell(entry);
  }
};

/** What was asked for again and again while the page is seen: every `seconds`, slower while the server does not answer. */
export const useRead = <T>(path: string | null, seconds = 0): Snapshot<T> & { again: () => Promise<void> } => {
  const subscribe = useCallback(
    (listener: () => void) => {
      if (path === null) return () => undefined;
      const { listeners } = entryOf(path);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    [path],
  );
  const snapshot = useSyncExternalStore(subscribe, () => (path === null ? NOTHING : entryOf(path).seen)) as Snapshot<T>;

  useEffect(() => {
    if (path === null) return undefined;
    let timer = 0;
    let ended = false;
    const turn = async () => {
      window.clearTimeout(timer);
      if (document.visibilityState === "visible") await read(path);
      if (ended || seconds === 0) return;
      const failing = entryOf(path).error !== undefined;
      timer = window.setTimeout(() => void turn(), seconds * 1000 * (failing ? 3 : 1));
    };
    const seen = () => {
      if (document.visibilityState === "visible" && seconds > 0) void turn();
    };
    if (Date.now() - entryOf(path).at > 2000) void turn();
    else if (seconds > 0) timer = window.setTimeout(() => void turn(), seconds * 1000);
    document.addEventListener("visibilitychange", seen);
    return () => {
      ended = true;
      window.clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [path, seconds]);

  const before = useRef<T | undefined>(undefined);
  if (snapshot.data !== undefined) before.current = snapshot.data;
  const data = snapshot.loading ? before.current : snapshot.data; // a list stays until its next choice is there

  const again = useCallback(async () => {
    if (path !== null) await read(path);
  }, [path]);
  return { ...snapshot, data, again };
};
