import { expect, it } from "vitest";
import { filled } from "../../test/filled.js";

it("fills with its value, 0 by default, scalars too", () => {
  expect(filled({ type: "constant", value: 0.3 }, [2, 3])).toEqual(new Float32Array(6).fill(0.3));
  expect(filled({}, [4])).toEqual(new Float32Array(4));
  expect(filled({ value: -2 }, [])).toEqual(Float32Array.of(-2));
});
