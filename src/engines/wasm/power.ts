/** Scratch bytes for the constants of a power, as assembly/power.ts has them. */
export const powerBytes = 96;
