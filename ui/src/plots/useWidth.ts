import { type RefObject, useLayoutEffect, useRef, useState } from "react";

/** The width of an element in pixels, as it is and as it changes. */
export const useWidth = <T extends HTMLElement>(): [RefObject<T | null>, number] => {
  const element = useRef<T>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const { current } = element;
    if (!current) return undefined;
    setWidth(current.clientWidth);
    const watch = new ResizeObserver(() => setWidth(current.clientWidth));
    watch.observe(current);
    return () => watch.disconnect();
  }, []);
  return [element, width];
};
