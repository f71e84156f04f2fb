// Damaged inputs. Each follows from a seed, so that one input can be made again without those before it.

/** A small generator of random numbers (mulberry32): `below(n)` is an integer in [0, n). */
export function generator(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  const below = (n) => next() % Math.max(1, n);
  return { below, pick: (list) => list[below(list.length)] };
}

/** An integer from texts and numbers (FNV-1a). */
export function hash(...parts) {
  let value = 0x811c9dc5;
  for (const char of parts.join("/")) value = Math.imul(value ^ char.codePointAt(0), 0x01000193);
  return value >>> 0;
}

/** The greatest length of an input. Longer ones take more time and find nothing more. */
const longest = 1 << 17;

const edges = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

const byteMutations = [
  (bytes, random) => setByte(bytes, random, (byte) => byte ^ (1 << random.below(8))),
  (bytes, random) => setByte(bytes, random, () => random.below(256)),
  (bytes, { below, pick }) => {
    // A number of 1, 2 or 4 bytes in either order, at the edge of its range: lengths, counts, offsets.
    const width = pick([1, 2, 4]);
    if (bytes.length < width) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const set = width === 1 ? "setUint8" : width === 2 ? "setUint16" : "setUint32";
    view[set](below(bytes.length - width + 1), pick(edges), below(2) === 0);
  },
  (bytes, { below }) => bytes.subarray(0, below(bytes.length + 1)),
  (bytes, { below }) => bytes.subarray(below(Math.min(64, bytes.length))),
  (bytes, random) => splice(bytes, random, 0),
  (bytes, random) => splice(bytes, random, random.below(32), () => random.below(256)),
  (bytes, random) => {
    const [from, length] = [random.below(bytes.length), random.below(256)];
    const copy = bytes.slice(from, from + length);
    return splice(bytes, random, copy.length, (i) => copy[i]);
  },
  (bytes, { below }) => {
    const [from, to, length] = [below(bytes.length), below(bytes.length), below(64)];
    bytes.copyWithin(to, from, from + length);
  },
];

function setByte(bytes, { below }, change) {
  const at = below(bytes.length);
  if (at < bytes.length) bytes[at] = change(bytes[at]);
}

/** Removes up to 64 bytes at a random place, and puts `length` others there. */
function splice(bytes, { below }, length, byteAt = () => 0) {
  const at = below(bytes.length + 1);
  const removed = length > 0 && below(2) ? 0 : below(64);
  const end = Math.min(bytes.length, at + removed);
  const result = new Uint8Array(bytes.length - (end - at) + length);
  result.set(bytes.subarray(0, at));
  for (let i = 0; i < length; i++) result[at + i] = byteAt(i);
  result.set(bytes.subarray(end), at + length);
  return result;
}

/** A few damages to a copy of one of the seeds; sometimes the beginning of one and the end of another. */
export function mutateBytes(seeds, random) {
  let bytes = random.pick(seeds).slice();
  if (random.below(16) === 0) {
    const other = random.pick(seeds);
    const tail = other.subarray(random.below(other.length));
    const head = bytes.subarray(0, random.below(bytes.length + 1));
    bytes = new Uint8Array(head.length + tail.length);
    bytes.set(head);
    bytes.set(tail, head.length);
  }
  for (let count = 1 + random.below(6); count > 0; count--) bytes = random.pick(byteMutations)(bytes, random) ?? bytes;
  return bytes.length > longest ? bytes.slice(0, longest) : bytes.slice();
}

const pieces = [
  ..."{}[]:;,<>\"'#\\/()=-+.%\n\r\t \0\u00a0\ufeff“”：",
  ...["layer {", "layers {", "param", "name: ", '"', "nan", "-nan", "inf", "1e999", "-1", "0x7fffffff", "4294967296"],
  ...["18446744073709551616", "0.1f", "true", "TRAIN", "include { phase: TEST }", 'type: "ReLU"', "\\x", "\\777"],
  ...[
    "\u001b[31m",
    "\ud800",
    "👾",
    "Iteration 1",
    "Iteration ",
    "loss = ",
    "Test net output #0: ",
    "null",
    "[[[[",
    "1e400",
  ],
];

/** The same for texts: pieces of the languages are inserted, doubled, moved and removed. */
export function mutateText(seeds, random) {
  const { below, pick } = random;
  let text = pick(seeds);
  for (let count = 1 + below(8); count > 0; count--) {
    const at = below(text.length + 1);
    const end = Math.min(text.length, at + below(40));
    const [before, middle, after] = [text.slice(0, at), text.slice(at, end), text.slice(end)];
    const piece = pick(pieces);
    text = pick([
      () => before + piece + middle + after,
      () => before + after,
      () => before + middle + middle + after,
      () => before + piece.repeat(1 + below(pick([4, 64, 4096]))) + middle + after,
      () => `${before}${pick(seeds).slice(below(200), 200 + below(400))}${middle}${after}`,
      () => before + [...middle].reverse().join("") + after,
      () => before + middle,
    ])();
    if (text.length > longest) text = text.slice(0, longest);
  }
  return text;
}
