/**
 * A number as C++ prints it to a stream by default, `printf("%.6g")`: `digits` significant digits (at least two), no
 * trailing zeros. An exponent, of at least two digits, is used if the magnitude is below 1e-4 or the number has more
 * than `digits` digits before the point.
 */
export function formatNumber(value: number, digits = 6): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa = "", power = ""] = roundToEven(value, digits).split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= digits) {
    const sign = exponent < 0 ? "-" : "+";
    return `${withoutZeros(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const sign = mantissa.startsWith("-") ? "-" : "";
  const digitsOnly = mantissa.replace(/[-.]/g, "");
  if (exponent < 0) return withoutZeros(`${sign}0.${"0".repeat(-exponent - 1)}${digitsOnly}`);
  return withoutZeros(`${sign}${digitsOnly.slice(0, exponent + 1)}.${digitsOnly.slice(exponent + 1)}`);
}

/** Like `toExponential(digits - 1)`, but a tie is rounded to the even digit, as in C, instead of up. */
function roundToEven(value: number, digits: number): string {
  const rounded = value.toExponential(digits - 1);
  const parts = (longer: string) => {
    const [mantissa = "", power = ""] = longer.split("e");
    const cut = mantissa.indexOf(".") + digits;
    return { kept: mantissa.slice(0, cut), power, isTie: /^50*$/.test(mantissa.slice(cut)) };
  };
  // 17 digits are quick, and exclude most ties. Only many more prove one.
  if (digits < 17 && !parts(value.toExponential(16)).isTie) return rounded;
  const { kept, power, isTie } = parts(value.toExponential(Math.min(100, digits + 60)));
  return isTie && Number(kept.at(-1)) % 2 === 0 ? `${kept}e${power}` : rounded;
}

function withoutZeros(decimal: string): string {
  return decimal.includes(".") ? decimal.replace(/\.?0*$/, "") : decimal;
}
