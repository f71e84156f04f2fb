/** The values of numbers in half precision (IEEE 754 binary16), given as their bits. Each is exact in single precision. */
export function halfsToFloats(bits: Uint16Array): Float32Array {
  const floats = new Float32Array(bits.length);
  const words = new Uint32Array(floats.buffer);
  for (let i = 0; i < bits.length; i++) words[i] = wordOf(bits[i] ?? 0);
  return floats;
}

/** The bits in single precision of a value given by its bits in half precision. */
function wordOf(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13); // infinite, or no number
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // A value below the smallest normal one: its highest bit becomes the implicit one.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | ((fraction << (shift + 13)) & 0x7fffff);
}
