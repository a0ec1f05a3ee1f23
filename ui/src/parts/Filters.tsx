// Choices that narrow a list; they lie in the query of the address.
import { Button, Field, Flex, Input, InputGroup, NativeSelect } from "@chakra-ui/react";
import { useEffect, useState } from "react";

import type { Query } from "../lib/query";
import { Icon } from "./Icon";

/** `initial`: what stands for no choice; without it, no choice means any. */
export type Choice = { name: string; word: string; initial?: string; values: readonly (readonly [value: string, word: string])[] };

const Pick = ({ choice, query }: { choice: Choice; query: Query }) => {
  const value = query.get(choice.name);
  const known = choice.values.some(([name]) => name === value);
  return (
    <NativeSelect.Root size="sm" width={{ base: "calc(50% - 4px)", sm: choice.initial || choice.word.length > 8 ? "160px" : "136px" }} flexShrink="0">
      <NativeSelect.Field aria-label={choice.word} value={value || (choice.initial ?? "")} onChange={(event) => query.set({ [choice.name]: event.currentTarget.value, cursor: "" })} fontWeight={value ? "semibold" : undefined}>
        {choice.initial ? null : <option value="">{choice.word}: any</option>}
        {value && !known ? <option value={value}>{value}</option> : null}
        {choice.values.map(([name, word]) => (
          <option key={name} value={name}>
            {choice.initial ? `${choice.word}: ${word}` : word}
          </option>
        ))}
      </NativeSelect.Field>
      <NativeSelect.Indicator />
    </NativeSelect.Root>
  );
};

export const Search = ({ query, word }: { query: Query; word: string }) => {
  const given = query.get("q");
  const [text, setText] = useState(given);
  const { set } = query;
  useEffect(() => setText(given), [given]);
  useEffect(() => {
    if (text === given) return undefined;
    const timer = window.setTimeout(() => set({ q: text, cursor: "" }), 300);
    return () => window.clearTimeout(timer);
  }, [text, given, set]);
  return (
    <Field.Root width={{ base: "100%", sm: "248px" }} flexGrow={{ base: 1, sm: 0 }}>
      <InputGroup startElement={<Icon name="search" />}>
        <Input size="sm" type="search" aria-label={word} placeholder={word} value={text} onChange={(event) => setText(event.currentTarget.value)} />
      </InputGroup>
    </Field.Root>
  );
};

export const Filters = ({ query, word, choices }: { query: Query; word?: string; choices: readonly Choice[] }) => {
  const [shown, setShown] = useState(false); // on a phone the choices take room only when they are wanted
  const used = ["q", ...choices.map(({ name }) => name)].filter((name) => query.get(name));
  return (
    <Flex role="search" aria-label="Filters" gap="2" wrap="wrap" mb="3">
      {word ? <Search query={query} word={word} /> : null}
      <Button size="sm" variant="outline" hideFrom="sm" flexGrow="1" aria-expanded={shown} onClick={() => setShown(!shown)}>
        Filters{used.length > 0 ? ` (${used.length})` : ""}
      </Button>
      <Flex display={{ base: shown ? "flex" : "none", sm: "contents" }} gap="2" wrap="wrap" width="100%">
        {choices.map((choice) => (
          <Pick key={choice.name} choice={choice} query={query} />
        ))}
      </Flex>
      {used.length > 0 ? (
        <Button size="sm" variant="ghost" onClick={() => query.set(Object.fromEntries(used.map((name) => [name, ""])))}>
          <Icon name="cross" /> Clear filters
        </Button>
      ) : null}
    </Flex>
  );
};
