// The state of a page lies in its query: it can be sent to somebody, and a change of it does not mount the page anew.
import { useCallback } from "react";
import { useSearchParams } from "react-router-dom";

export type Query = {
  get: (name: string) => string;
  all: (name: string) => string[];
  set: (changes: Record<string, string | string[]>) => void;
  text: string;
};

export const useQuery = (): Query => {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (changes: Record<string, string | string[]>) =>
      setParams(
        (old) => {
          const made = new URLSearchParams(old);
          Object.entries(changes).forEach(([name, value]) => {
            made.delete(name);
            [value].flat().forEach((item) => item && made.append(name, item));
          });
          return made;
        },
        { replace: true },
      ),
    [setParams],
  );
  return { get: (name) => params.get(name) ?? "", all: (name) => params.getAll(name), set, text: params.toString() };
};
