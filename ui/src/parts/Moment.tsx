// Moments, ages and times left; the exact moment stands in the title, in the person's zone and in UTC.
import { chakra } from "@chakra-ui/react";

import { brief, type Form, length, moment, useNow, useZone } from "../lib/time";

const exact = (at: string, zone: string) => `${moment(at, zone)} ${zone} · ${moment(at, "UTC")} UTC`;

export const Moment = ({ at, form = "second" }: { at: string; form?: Form }) => {
  const zone = useZone();
  return (
    <chakra.time dateTime={at} title={exact(at, zone)} whiteSpace="nowrap">
      {moment(at, zone, form)}
    </chakra.time>
  );
};

/** How long ago. */
export const Age = ({ at, short = false }: { at: string; short?: boolean }) => {
  const [zone, now] = [useZone(), useNow()];
  const seconds = (now - new Date(at).getTime()) / 1000;
  return (
    <chakra.time dateTime={at} title={exact(at, zone)} whiteSpace="nowrap" fontVariantNumeric="tabular-nums">
      {(short ? brief : length)(seconds)}
    </chakra.time>
  );
};

/** How long until a moment, with a word once it is past. */
export const Left = ({ at, past = "over", short = false }: { at: string; past?: string; short?: boolean }) => {
  const [zone, now] = [useZone(), useNow(5)];
  const seconds = (new Date(at).getTime() - now) / 1000;
  const words = short ? brief : length;
  return (
    <chakra.time
      dateTime={at}
      title={exact(at, zone)}
      whiteSpace={short ? undefined : "nowrap"}
      fontVariantNumeric="tabular-nums"
      fontWeight={seconds < 1800 ? "semibold" : undefined}
      color={seconds < 0 ? "failed.fg" : seconds < 1800 ? "awaiting_input.fg" : undefined}
    >
      {seconds < 0 ? `${past} ${words(-seconds)} ago` : `${words(seconds)} left`}
    </chakra.time>
  );
};
