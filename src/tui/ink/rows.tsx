import { Box, Text } from "ink";
import { memo, type ReactNode } from "react";
import type { Line } from "../draw/line.ts";
import type { Paint } from "../draw/paint.ts";

/** One line, painted already: Ink neither measures nor wraps its parts. */
const Row = memo(function Row({ text }: { readonly text: string }): ReactNode {
  return <Text wrap="truncate">{text}</Text>;
});

interface RowsProps {
  readonly lines: readonly Line[];
  readonly paint: Paint;
  readonly stale: boolean;
}

/** Lines one under the other. Their places are their keys: a line that stays the same is not drawn again. */
export function Rows({ lines, paint, stale }: RowsProps): ReactNode {
  return (
    <Box flexDirection="column">
      {lines.map((line, at) => (
        <Row key={at} text={paint(line, stale)} />
      ))}
    </Box>
  );
}
