import { MokaError, reasonOf } from "../../util/errors.js";
import { bytesSource, type Files } from "../../util/files.js";
import { version } from "../../version.js";
import { hold, listen, type Port } from "./port.js";
import { type Borrower, decode, encode, fileMethods, hasMessages, type Lender, type Wire } from "./wire.js";

type Message = { readonly moka: string } & (
  | {
      readonly type: "call";
      /** The number of the call; undefined if no answer is expected. */
      readonly id: number | undefined;
      /** What was lent; 0 is the other side itself. */
      readonly target: number;
      readonly method: string;
      readonly args: Wire;
    }
  | { readonly type: "return" | "throw"; readonly id: number; readonly result: Wire }
  | { readonly type: "abort"; readonly signal: number; readonly reason: Wire }
  | { readonly type: "bye" }
);

/** What the other side may call: methods by name. A lent function has the name `call`. */
type Methods = Readonly<Record<string, (...args: never[]) => unknown>>;

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** What was lent for longer than a call; `Peer.takeBack` ends it. */
export type Loan = Set<number>;

export interface CallOptions {
  /** Whether arrays are given away instead of copied. */
  readonly transfer?: boolean | undefined;
  /** Receives what this call lends. Default: it is lent until the answer comes. */
  readonly loan?: Loan | undefined;
}

export interface PeerOptions {
  /** What the other side may call here. */
  readonly methods?: Methods;
  /** Makes an empty message of this type; loaded when the first message comes, which is never within a call that comes in. */
  readonly messages: () => Borrower["message"] | Promise<Borrower["message"]>;
  /** Is called once, when the port has ended. */
  readonly onEnd?: () => void;
}

/**
 * One of the two peers at a port. Each can call the methods of the other. Arguments and results are copied; functions, files and
 * signals among the arguments are lent, and used over the port. Errors arrive as they were thrown.
 */
export class Peer {
  readonly #port: Port;
  readonly #options: PeerOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #lent = new Map<number, Methods>();
  readonly #lentSignals = new Map<number, AbortSignal>();
  readonly #borrowedSignals = new Map<number, AbortController>();
  #lastId = 0;
  #end: MokaError | undefined;

  constructor(port: Port, options: PeerOptions) {
    this.#port = port;
    this.#options = options;
    if (options.methods) this.#lent.set(0, options.methods);
    listen(port, { message: (data) => this.#receive(data), end: (error) => this.end(error) });
    if (!options.methods) hold(port, false);
  }

  /** Why nothing can be called any more; undefined while it can. */
  get ended(): MokaError | undefined {
    return this.#end;
  }

  /** Calls a method of the other side. */
  async call(method: string, args: readonly unknown[], options: CallOptions = {}): Promise<unknown> {
    return this.#request(0, method, args, options);
  }

  /** Ends what was lent. */
  takeBack(loan: Loan): void {
    for (const id of loan) this.#lent.delete(id);
    loan.clear();
  }

  /** Rejects waiting calls and all later ones. */
  end(error: MokaError): void {
    if (this.#end) return;
    this.#end = error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    for (const controller of this.#borrowedSignals.values()) controller.abort(error);
    this.#options.onEnd?.();
  }

  /** Tells the other side that nothing more comes. */
  sayBye(): void {
    if (!this.#end) this.#post({ moka: version, type: "bye" }, []);
  }

  async #request(
    target: number,
    method: string,
    args: readonly unknown[],
    { transfer = false, loan }: CallOptions,
  ): Promise<unknown> {
    if (this.#end) throw this.#end;
    const lent: Loan = loan ?? new Set();
    const signals = new Map<number, () => void>();
    try {
      const { wire, transfers } = encode(args, this.#lender(lent, signals), { functions: "lend", transfer });
      const id = ++this.#lastId;
      this.#post({ moka: version, type: "call", id, target, method, args: wire }, transfers);
      return await new Promise((resolve, reject) => {
        this.#pending.set(id, { resolve, reject });
        hold(this.#port, true);
      });
    } finally {
      for (const [id, forget] of signals) {
        forget();
        this.#lentSignals.delete(id);
      }
      if (!loan) this.takeBack(lent);
      if (this.#pending.size === 0 && !this.#options.methods) hold(this.#port, false);
    }
  }

  #post(message: Message, transfers: readonly ArrayBuffer[]): void {
    try {
      this.#port.postMessage(message, transfers);
    } catch (error) {
      throw new MokaError("MOKA_USAGE", `it cannot be posted to or from a worker: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }

  #receive(data: unknown): void {
    if (typeof data !== "object" || data === null || !("moka" in data)) return; // not ours
    const message = data as Message;
    if (message.moka !== version) {
      const versions = `one side of the port has Moka ${version}, the other ${message.moka}`;
      this.end(new MokaError("MOKA_WORKER", `${versions}: bundle both from one version`));
      return;
    }
    switch (message.type) {
      case "call":
        void this.#serve(message);
        break;
      case "return":
      case "throw":
        void this.#settle(message);
        break;
      case "abort":
        this.#borrowedSignals.get(message.signal)?.abort(decode(message.reason, this.#borrower(new Set())));
        break;
      case "bye":
        this.end(new MokaError("MOKA_WORKER", "the other side closed the port"));
    }
  }

  async #serve({ id, target, method, args }: Message & { readonly type: "call" }): Promise<void> {
    const signals = new Set<number>();
    const answer = (type: "return" | "throw", result: unknown) => {
      if (id === undefined || this.#end) return;
      const { wire, transfers } = encode(result, this.#lender(new Set(), new Map()), {
        functions: "drop",
        transfer: true,
      });
      this.#post({ moka: version, type, id, result: wire }, transfers);
    };
    try {
      // Before the first `await`, so that calls begin in their order.
      const made = hasMessages(args) ? this.#options.messages() : noMessages;
      const messages = made instanceof Promise ? await made : made;
      const values = decode(args, this.#borrower(signals, messages)) as never[];
      const object = this.#lent.get(target);
      // A function that was taken back can be called by those who did not know it yet.
      if (!object && id === undefined) return;
      const call = object && Object.hasOwn(object, method) ? object[method] : undefined;
      if (!call) throw new MokaError("MOKA_USAGE", `the other side of the port has no ${method}`);
      answer("return", await call(...values));
    } catch (error) {
      // What a listener throws is an error of the page's, and nobody here waits for it.
      if (id === undefined) throw error;
      try {
        answer("throw", error);
      } catch (unposted) {
        answer("throw", unposted);
      }
    } finally {
      for (const signal of signals) this.#borrowedSignals.delete(signal);
    }
  }

  async #settle({ type, id, result }: Message & { readonly type: "return" | "throw" }): Promise<void> {
    const pending = this.#pending.get(id);
    if (!pending) return;
    try {
      const messages = hasMessages(result) ? await this.#options.messages() : noMessages;
      const value = decode(result, this.#borrower(new Set(), messages));
      if (type === "return") pending.resolve(value);
      else pending.reject(value);
    } catch (error) {
      pending.reject(error);
    } finally {
      this.#pending.delete(id);
    }
  }

  #lender(loan: Loan, signals: Map<number, () => void>): Lender {
    return {
      lend: (target) => {
        const id = ++this.#lastId;
        this.#lent.set(id, typeof target === "function" ? { call: target } : methodsOf(target));
        loan.add(id);
        return id;
      },
      lendSignal: (signal) => {
        const id = ++this.#lastId;
        const abort = () => {
          const { wire } = encode(signal.reason, this.#lender(new Set(), new Map()), {
            functions: "drop",
            transfer: false,
          });
          this.#post({ moka: version, type: "abort", signal: id, reason: wire }, []);
        };
        signal.addEventListener("abort", abort);
        signals.set(id, () => signal.removeEventListener("abort", abort));
        this.#lentSignals.set(id, signal);
        return id;
      },
      reasonOf: (value) => {
        for (const [id, { signal }] of this.#borrowedSignals) if (signal.aborted && signal.reason === value) return id;
        return undefined;
      },
    };
  }

  #borrower(signals: Set<number>, message: Borrower["message"] = noMessages): Borrower {
    return {
      function:
        (id) =>
        (...args) => {
          if (this.#end) return;
          // Copies: the caller may use its arrays afterwards.
          const { wire, transfers } = encode(args, this.#lender(new Set(), new Map()), {
            functions: "drop",
            transfer: false,
          });
          this.#post({ moka: version, type: "call", id: undefined, target: id, method: "call", args: wire }, transfers);
        },
      files: (id) => remoteFiles((method, args) => this.#request(id, method, args, {})),
      signal: (id) => {
        const controller = new AbortController();
        this.#borrowedSignals.set(id, controller);
        signals.add(id);
        return controller;
      },
      reason: (id) => this.#lentSignals.get(id)?.reason,
      message,
    };
  }
}

function noMessages(): never {
  throw new MokaError("MOKA_USAGE", "a message came where none is expected");
}

function methodsOf(files: Files): Methods {
  return Object.fromEntries(
    fileMethods.map((name) => [name, (...args: never[]) => (files[name] as (...args: never[]) => unknown)(...args)]),
  );
}

/** Files that are on the other side of a port. */
function remoteFiles(call: (method: string, args: readonly unknown[]) => Promise<unknown>): Files {
  const methods = fileMethods.map((name) => [name, (...args: readonly unknown[]) => call(name, args)]);
  const files = Object.fromEntries(methods) as Omit<Files, "open">;
  return { ...files, open: async (path) => bytesSource(await files.read(path)) };
}
