/**
 * Where this thread's scratch memory starts; the engine sets it. The table of a call that has one lies there first.
 * A wasm global belongs to an instance, and each thread has its own.
 */
export let workspace: usize = 0;
