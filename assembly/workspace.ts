/**
 * Where this thread's scratch memory starts; the engine sets it. The table of a call that has one lies there first.
 * A wasm global belongs to an instance, and each thread has its own.
 */
export let workspace: usize = 0;

/** Where the scratch memory that all threads share starts; the engine sets it, in every thread. */
export let common: usize = 0;
