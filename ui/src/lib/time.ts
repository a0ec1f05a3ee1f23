// Moments in the zone that the person chose in Airflow, and lengths of time in words.
import { useEffect, useState, useSyncExternalStore } from "react";

const subscribe = (listener: () => void) => {
  const names = ["local-storage", "storage"];
  names.forEach((name) => window.addEventListener(name, listener));
  return () => names.forEach((name) => window.removeEventListener(name, listener));
};

/** The zone that Airflow shows; until a person chooses one, it is the browser's. */
const chosenZone = (): string => {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  try {
    const text = window.localStorage.getItem("timezone");
    const zone: unknown = text === null ? null : JSON.parse(text);
    if (typeof zone !== "string") return own;
    Intl.DateTimeFormat("en", { timeZone: zone }); // throws for a zone that this browser does not know
    return zone;
  } catch {
    return own;
  }
};

export const useZone = (): string => useSyncExternalStore(subscribe, chosenZone);

const formats = new Map<string, Intl.DateTimeFormat>();
const PARTS = { date: { year: "numeric", month: "2-digit", day: "2-digit" }, clock: { hour: "2-digit", minute: "2-digit" } } as const;
export type Form = "date" | "clock" | "time" | "minute" | "second" | "day";

const format = (zone: string, form: Form): Intl.DateTimeFormat => {
  const key = `${zone} ${form}`;
  let found = formats.get(key);
  if (!found) {
    const options: Intl.DateTimeFormatOptions = { timeZone: zone, hourCycle: "h23" };
    if (form === "day") Object.assign(options, { month: "short", day: "numeric" });
    else if (form !== "clock" && form !== "time") Object.assign(options, PARTS.date);
    if (form !== "date" && form !== "day") Object.assign(options, PARTS.clock);
    if (form === "second" || form === "time") options.second = "2-digit";
    found = new Intl.DateTimeFormat(form === "day" ? "en" : "sv-SE", options);
    formats.set(key, found);
  }
  return found;
};

/** A moment as Airflow writes it: 2026-11-30 14:05:12. */
export const moment = (at: string | number, zone: string, form: Form = "second"): string => {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : format(zone, form).format(date);
};

const UNITS: readonly (readonly [number, string])[] = [
  [86400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

/** A length of time in its two largest units: 2 h 5 min. */
export const length = (seconds: number): string => {
  let left = Math.max(0, Math.round(seconds));
  const first = UNITS.findIndex(([size]) => left >= size);
  if (first < 0) return "0 s";
  const parts: string[] = [];
  for (const [size, name] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.join(" ");
};

/** A length of time in its largest unit, for narrow columns: 3 h. */
export const brief = (seconds: number): string => length(seconds).split(" ").slice(0, 2).join(" ");

/** A slice by its name: the day where it begins with one, else the minute in UTC. Other names stay. */
export const sliceName = (slice: string): string =>
  slice.replace(/^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\dZ)?$/, (_, year: string, month: string, day: string, hour = "00", minute = "00") =>
    `${year}-${month}-${day}${hour === "00" && minute === "00" ? "" : ` ${hour}:${minute} UTC`}`);

/** Now, in milliseconds, anew every so many seconds. */
export const useNow = (seconds = 15): number => {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), seconds * 1000);
    return () => window.clearInterval(timer);
  }, [seconds]);
  return now;
};
