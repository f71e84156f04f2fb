/** The part of WebAssembly's JavaScript interface that is used here: TypeScript knows it only as part of the DOM. */
interface WebAssemblyApi {
  readonly Memory: new (limits: { initial: number; maximum: number; shared: boolean }) => WasmMemory;
  compile(bytes: Uint8Array): Promise<WasmModule>;
  validate(bytes: Uint8Array): boolean;
  instantiate(
    module: WasmModule,
    imports: { env: { memory: WasmMemory; sgemm: WasmFunction } },
  ): Promise<{ exports: WasmExports }>;
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
  /** Grows the memory by this many pages. Returns the number of pages before. */
  grow(pages: number): number;
}

export interface WasmModule {
  readonly wasmModule?: never;
}

type WasmFunction = (...args: number[]) => void;

export interface WasmGlobal {
  value: number;
}

export type WasmExports = Readonly<Record<string, WasmFunction | WasmGlobal | WasmMemory | undefined>>;

export const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };

export const pageBytes = 65_536;
