// Counts of each day as stacked bars; parts differ by pattern as well as by colour, and stand in a table, too.
import { Box, chakra, Flex, Table, Text } from "@chakra-ui/react";
import { useId } from "react";

import { exactly, labels, px, ticks } from "./scale";
import { useWidth } from "./useWidth";
import { Scroll } from "../parts/Scroll";

const [Svg, Rect, Line, Words, Path] = [chakra("svg"), chakra("rect"), chakra("line"), chakra("text"), chakra("path")];
const [HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [150, 38, 4, 8, 20];

export type Part = { name: string; word: string; palette: string; pattern?: "lines" | "dots" };
export type Day = { day: string; values: Record<string, number | null> };

const Swatch = ({ part, fill }: { part: Part; fill: string }) => (
  <Svg width="12px" height="12px" aria-hidden flexShrink="0">
    <Rect width="12px" height="12px" rx="2" fill={`${part.palette}.solid`} />
    {part.pattern ? <rect width="12" height="12" fill={fill} /> : null}
  </Svg>
);

const InNumbers = ({ days, parts, unit }: { days: readonly Day[]; parts: readonly Part[]; unit: string }) => (
  <Box as="details" fontSize="xs" mt="1">
    <Text as="summary" cursor="pointer" color="fg.muted">
      In numbers
    </Text>
    <Scroll label="Numbers of each day" maxH="240px">
      <Table.Root size="sm">
        <Table.Header>
          <Table.Row>
            <Table.ColumnHeader>Day</Table.ColumnHeader>
            {parts.map((part) => (
              <Table.ColumnHeader key={part.name} textAlign="end">
                {part.word} {unit}
              </Table.ColumnHeader>
            ))}
          </Table.Row>
        </Table.Header>
        <Table.Body>
          {days.map(({ day, values }) => (
            <Table.Row key={day}>
              <Table.Cell>{day}</Table.Cell>
              {parts.map(({ name }) => (
                <Table.Cell key={name} textAlign="end" fontVariantNumeric="tabular-nums">
                  {values[name] === null || values[name] === undefined ? "–" : exactly(values[name])}
                </Table.Cell>
              ))}
            </Table.Row>
          ))}
        </Table.Body>
      </Table.Root>
    </Scroll>
  </Box>
);

export const Days = ({ title, days, parts, unit = "" }: { title: string; days: readonly Day[]; parts: readonly Part[]; unit?: string }) => {
  const id = useId();
  const [element, width] = useWidth<HTMLDivElement>();
  const sum = (day: Day) => parts.reduce((all, { name }) => all + (day.values[name] ?? 0), 0);
  const most = Math.max(...days.map(sum), 0) || 1;
  const step = (width - LEFT - RIGHT) / Math.max(1, days.length);
  const y = (value: number) => TOP + (1 - value / most) * (HEIGHT - TOP - BOTTOM);
  const fill = (pattern?: string) => `url(#${id}-${pattern ?? ""})`;
  const marks = ticks(0, most);
  const words = labels(marks);
  const total = days.reduce((all, day) => all + sum(day), 0);
  return (
    <Box minW="0">
      <Flex gap="3" mb="1" align="center" wrap="wrap">
        <Text fontSize="sm" fontWeight="medium">
          {title}
        </Text>
        {parts.length > 1
          ? parts.map((part) => (
              <Flex key={part.name} gap="1" align="center" fontSize="xs" color="fg.muted">
                <Swatch part={part} fill={fill(part.pattern)} /> {part.word}
              </Flex>
            ))
          : null}
      </Flex>
      <Box ref={element}>
        {width > 0 ? (
          <Svg width={px(width)} height={px(HEIGHT)} role="img" aria-label={`${title}: ${days.length} days, ${exactly(total)} ${unit} in all. The numbers stand below.`} display="block" fontSize="10px">
            <defs>
              <pattern id={`${id}-lines`} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                <Path d="M0 0V5" stroke="bg" strokeWidth="2.4" />
              </pattern>
              <pattern id={`${id}-dots`} width="5" height="5" patternUnits="userSpaceOnUse">
                <Rect x="1.500" y="1.500" width="2px" height="2px" fill="bg" />
              </pattern>
            </defs>
            {marks.map((tick, index) => (
              <g key={tick}>
                <Line x1={LEFT} x2={width - RIGHT} y1={y(tick)} y2={y(tick)} stroke="border" />
                <Words x={LEFT - 6} y={y(tick) + 3} textAnchor="end" fill="fg.muted">
                  {words[index]}
                </Words>
              </g>
            ))}
            {days.map((day, index) => {
              let below = 0;
              return (
                <g key={day.day}>
                  {parts.map((part) => {
                    const value = day.values[part.name] ?? 0;
                    if (value <= 0) return null;
                    const [top, bottom] = [y(below + value), y(below)];
                    below += value;
                    const box = { x: LEFT + index * step + step * 0.14, y: top, width: Math.max(1, Math.min(step * 0.72, 40)), height: Math.max(1, bottom - top) };
                    return (
                      <g key={part.name}>
                        <Rect {...box} width={px(box.width)} height={px(box.height)} fill={`${part.palette}.solid`} rx="1" />
                        {part.pattern ? <rect {...box} fill={fill(part.pattern)} /> : null}
                      </g>
                    );
                  })}
                  <rect x={LEFT + index * step} y={TOP} width={Math.max(0, step)} height={HEIGHT - TOP - BOTTOM} fill="transparent">
                    <title>{`${day.day}: ${parts.map(({ name, word }) => `${word} ${exactly(day.values[name] ?? 0)}`).join(", ")} ${unit}`}</title>
                  </rect>
                </g>
              );
            })}
            {[days[0], days.length > 1 ? days.at(-1) : undefined].map((day, index) =>
              day ? (
                <Words key={index} x={index ? width - RIGHT : LEFT} y={HEIGHT - 4} textAnchor={index ? "end" : "start"} fill="fg.muted">
                  {day.day}
                </Words>
              ) : null,
            )}
          </Svg>
        ) : null}
      </Box>
      <InNumbers days={days} parts={parts} unit={unit} />
    </Box>
  );
};
