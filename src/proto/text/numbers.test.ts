import fc from "fast-check";
import { expect, test } from "vitest";
import { formatNumber } from "../../util/number-format.js";
import { findNumeral, formatDouble, formatFloat, readNumeral } from "./numbers.js";

// What `protoc --decode` of protobuf 3.21.12 prints for these floats; Caffe's logs hold the same.
test.each([
  [5, "5"],
  [0.1, "0.1"],
  [1e-8, "1e-08"],
  [0.0001, "0.0001"],
  [0.00001, "1e-05"],
  [100000, "100000"],
  [1000000, "1e+06"],
  [1e10, "1e+10"],
  [16777216, "16777216"],
  [123456789, "123456792"],
  [1234565, "1234565"],
  [999999.5, "999999.5"],
  [524288.0625, "524288.062"],
  [-524288.0625, "-524288.062"],
  [0.00012345675, "0.000123456746"],
  [3.4028235e38, "3.40282347e+38"],
  [1.17549435e-38, "1.17549435e-38"],
  [1e-38, "9.99999935e-39"],
  [1e-45, "1.40129846e-45"],
  [1e39, "inf"],
  [Number.NEGATIVE_INFINITY, "-inf"],
  [Number.NaN, "nan"],
  [-0, "-0"],
])("prints the float %d as %s", (value, text) => {
  expect(formatFloat(Math.fround(value))).toBe(text);
});

test.each([
  [0.1, "0.1"],
  [0.1 + 0.2, "0.30000000000000004"],
  [2 ** 57, "1.4411518807585587e+17"],
  [2 ** 52 + 2, "4503599627370498"],
  [900719925474099.25, "900719925474099.25"],
  [1e15, "1e+15"],
  [5e-324, "4.94065645841247e-324"],
  [1e-310, "9.99999999999997e-311"],
])("prints the double %d as %s", (value, text) => {
  expect(formatDouble(value)).toBe(text);
});

test("what is printed reads back as the same number", () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Math.fround(Number(formatFloat(value)))).toBe(value);
    }),
  );
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-300 }), (value) => {
      expect(Number(formatDouble(value))).toBe(value);
    }),
  );
});

test("a tie goes to the even digit", () => {
  expect([0.125, 0.375, 12.5, 13.5].map((value) => formatNumber(value, 2))).toEqual(["0.12", "0.38", "12", "14"]);
});

test.each([
  ["64", 64, "decimal"],
  ["0", 0, "decimal"],
  ["010", 8, "octal"],
  ["00", 0, "octal"],
  ["08", 8, "leadingZero"],
  ["00.5", 0.5, "leadingZero"],
  ["0x1F", 31, "hex"],
  ["5.", 5, "float"],
  [".5", 0.5, "float"],
  ["5f", 5, "float"],
  ["1.5F", 1.5, "float"],
  ["1e+3", 1000, "float"],
  ["1E-3f", 0.001, "float"],
  ["123456789012345678901", 123456789012345680000, "decimal"],
])("reads %s", (raw, value, form) => {
  expect(readNumeral(raw)).toMatchObject({ value, form });
});

test("keeps what a float64 cannot hold", () => {
  expect(readNumeral("9223372036854775807").exact).toBe(9223372036854775807n);
  expect(readNumeral("0xffffffffffffffff").exact).toBe(18446744073709551615n);
  expect(readNumeral("1".repeat(100)).exact).toBeUndefined();
});

test("finds a number with a sign or a name that does not belong to it", () => {
  expect(findNumeral("+5")).toEqual({ sign: "+", numeral: "5", suffix: "" });
  expect(findNumeral("224X224_1")).toEqual({ sign: "", numeral: "224", suffix: "X224_1" });
  expect(findNumeral("3x3")).toEqual({ sign: "", numeral: "3", suffix: "x3" });
  for (const text of ["x", "1.2.3", "2017-01-01", "", "5%"]) expect(findNumeral(text)).toBeUndefined();
});
