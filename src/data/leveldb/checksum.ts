/** CRC-32C (Castagnoli) of each byte, alone and followed by one, two and three zero bytes. */
const tables = makeTables();

function makeTables(): readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array] {
  const first = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    first[byte] = crc;
  }
  const withZeroAfter = (table: Uint32Array) => table.map((crc) => (crc >>> 8) ^ (first[crc & 255] ?? 0));
  const second = withZeroAfter(first);
  const third = withZeroAfter(second);
  return [first, second, third, withZeroAfter(third)];
}

/** The checksum that LevelDB stores for these bytes: their CRC-32C, rotated by 15 bits and plus a constant. */
export function checksum(bytes: Uint8Array): number {
  const [one, two, three, four] = tables;
  let crc = 0xffffffff;
  let i = 0;
  for (; i + 4 <= bytes.length; i += 4) {
    crc ^= (bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8) | ((bytes[i + 2] ?? 0) << 16) | ((bytes[i + 3] ?? 0) << 24);
    crc =
      (four[crc & 255] ?? 0) ^
      (three[(crc >>> 8) & 255] ?? 0) ^
      (two[(crc >>> 16) & 255] ?? 0) ^
      (one[crc >>> 24] ?? 0);
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ (one[(crc ^ (bytes[i] ?? 0)) & 255] ?? 0);
  crc = ~crc;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
