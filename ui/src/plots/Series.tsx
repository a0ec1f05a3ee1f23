// One number over time, with the band in which it was expected, and what fell out of it.
import { Box, chakra, Flex, Text } from "@chakra-ui/react";

import type { Metric } from "../api";
import { moment, useZone } from "../lib/time";
import { wordOf } from "../domain/badges";
import { exactly, labels, px, ticks } from "./scale";
import { useWidth } from "./useWidth";

const [Svg, Path, Line, Words, Circle] = [chakra("svg"), chakra("path"), chakra("line"), chakra("text"), chakra("circle")];
const [HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [132, 46, 12, 10, 20];

type Point = Metric["points"][number];

const spread = (points: readonly Point[]): [number, number] => {
  const all = points.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const room = (most - least || Math.abs(most) || 1) * 0.08;
  return [least >= 0 ? Math.max(0, least - room) : least - room, most + room];
};

export const Series = ({ of: { check, kind, unit, points } }: { of: Metric }) => {
  const zone = useZone();
  const [element, width] = useWidth<HTMLDivElement>();
  const [low, high] = spread(points);
  const x = (index: number) => LEFT + (points.length > 1 ? index / (points.length - 1) : 0.5) * (width - LEFT - RIGHT);
  const y = (value: number) => TOP + (1 - (value - low) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM);
  const banded = points.map((point, index) => ({ ...point, index })).filter((point) => point.low !== null && point.high !== null);
  const band = banded.length > 1 ? `M${banded.map((p) => `${x(p.index)},${y(p.high ?? 0)}`).join("L")}L${banded.toReversed().map((p) => `${x(p.index)},${y(p.low ?? 0)}`).join("L")}Z` : "";
  const line = points.map((point, index) => `${index ? "L" : "M"}${x(index)},${y(point.value)}`).join("");
  const last = points.at(-1);
  const marks = ticks(low, high);
  const words = labels(marks);
  const odd = points.filter(({ anomaly }) => anomaly).length;
  const said = (point: Point) =>
    `${point.slice}: ${exactly(point.value)} ${unit}${point.low === null || point.high === null ? "" : `, expected ${exactly(point.low)} to ${exactly(point.high)}`}${point.anomaly ? ", unusual" : ""}`;
  return (
    <Box minW="0">
      <Flex gap="2" align="baseline" mb="1" wrap="wrap">
        <Text fontSize="sm" fontWeight="medium" overflowWrap="anywhere">
          {check}
        </Text>
        <Text fontSize="xs" color="fg.muted">
          {check === kind ? "" : wordOf(kind)} {unit}
        </Text>
        <Text fontSize="sm" fontWeight="semibold" ms="auto" fontVariantNumeric="tabular-nums">
          {last ? exactly(last.value) : "–"}
        </Text>
      </Flex>
      <Box ref={element} minW="0">
        {width > 0 && points.length > 0 ? (
          <Svg width={px(width)} height={px(HEIGHT)} role="img" aria-label={`${check}: ${points.length} slices, newest ${last ? said(last) : ""}; ${odd} unusual.`} display="block" fontSize="10px">
            {marks.map((tick, index) => (
              <g key={tick}>
                <Line x1={LEFT} x2={width - RIGHT} y1={y(tick)} y2={y(tick)} stroke="border" strokeWidth="1" />
                <Words x={LEFT - 6} y={y(tick) + 3} textAnchor="end" fill="fg.muted">
                  {words[index]}
                </Words>
              </g>
            ))}
            {band ? <Path d={band} fill="brand.muted" /> : null}
            <Path d={line} fill="none" stroke="brand.solid" strokeWidth="1.5" strokeLinejoin="round" />
            {points.map((point, index) => (
              <g key={`${point.slice} ${index}`}>
                {point.anomaly ? (
                  <Path d={`M${x(index)},${y(point.value) - 6}l6,6l-6,6l-6,-6z`} fill="bg" stroke="failed.solid" strokeWidth="2" />
                ) : (
                  <Circle cx={x(index)} cy={y(point.value)} r={points.length > 45 ? 0 : 2.2} fill="brand.solid" />
                )}
                <Circle cx={x(index)} cy={y(point.value)} r="8" fill="transparent">
                  <title>{said(point)}</title>
                </Circle>
              </g>
            ))}
            {points[0] ? (
              <Words x={LEFT} y={HEIGHT - 4} fill="fg.muted">
                {moment(points[0].at, zone, "day")}
              </Words>
            ) : null}
            {last && points.length > 1 ? (
              <Words x={width - RIGHT} y={HEIGHT - 4} textAnchor="end" fill="fg.muted">
                {moment(last.at, zone, "day")}
              </Words>
            ) : null}
          </Svg>
        ) : null}
      </Box>
    </Box>
  );
};
