import type { TextDocument } from "vscode-languageserver-textdocument";
import type { LintOptions } from "../api/lint.js";
import { withNets } from "../api/lint-with-nets.js";
import type { EditedFiles } from "./edited-files.js";
import { largest, lintOne, type Report } from "./lint-one.js";
import { Settings } from "./settings.js";
import { Solvers } from "./solvers.js";

/** The files that are linted together: a solver and its nets, or one file. */
interface Group {
  readonly root: string;
  readonly members: readonly string[];
  /** The solver of a net, which is in the net's folder and not open. */
  readonly solver: string | undefined;
}

interface Reader {
  /** The open documents by their absolute paths. */
  readonly opened: ReadonlyMap<string, TextDocument>;
  readonly files: EditedFiles;
  /** Is told the newest report of a file; undefined when there is none any more. */
  readonly publish: (path: string, report: Report | undefined) => void;
  /** Is told what cannot be shown at a place. */
  readonly log: (message: string) => void;
}

/** So long after the last change, in milliseconds, files are linted. */
const delay = 150;

/**
 * What lint finds in the open files, and in the nets that open solvers name, as `moka lint` does. A net is linted with the open solver
 * that names it, or else with one in its folder. Only what a change concerns is linted again; while texts change, nothing is published.
 */
export class Reports {
  readonly #reader: Reader;
  readonly #settings: Settings;
  readonly #solvers: Solvers;
  readonly #reports = new Map<string, Report>();
  /** The groups that were linted, by their roots. */
  #groups: ReadonlyMap<string, Group> = new Map();
  /** The files that have changed since they were linted. */
  readonly #changed = new Set<string>();
  #isAllChanged = false;
  /** Counts the changes. */
  #stamp = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  readonly #missing = new Set<string>();

  constructor(reader: Reader) {
    this.#reader = reader;
    this.#settings = new Settings(reader.files);
    this.#solvers = new Solvers(reader.files);
  }

  /** A text was opened, changed or closed. */
  change(path: string): void {
    this.#changed.add(path);
    this.#stamp++;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(), delay);
  }

  /** Files on the disk have changed: settings, solvers and nets are read again. */
  forget(): void {
    this.#settings.forget();
    this.#solvers.forget();
    this.#isAllChanged = true;
    for (const path of this.#reader.opened.keys()) this.change(path);
  }

  /** The report of an open file's present text. */
  async current(path: string): Promise<Report | undefined> {
    while (this.#isDue) await this.#run();
    return this.#reports.get(path);
  }

  /** The same, without waiting: undefined while it is due. */
  latest(path: string): Report | undefined {
    return this.#isDue ? undefined : this.#reports.get(path);
  }

  /** What a file is linted with. */
  async optionsOf(path: string): Promise<Pick<LintOptions, "solver" | "rules">> {
    const { root, solver } = [...this.#groups.values()].find(({ members }) => members.includes(path)) ?? {};
    return { solver: root === path ? solver : root, rules: await this.#settings.of(path) };
  }

  /** Ends the work: nothing is published any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#stamp++;
    this.#changed.clear();
  }

  get #isDue(): boolean {
    return this.#changed.size > 0;
  }

  #run(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running ??= this.#lintChanged()
      .catch((error: unknown) => {
        this.#changed.clear();
        this.#reader.log(error instanceof Error ? (error.stack ?? error.message) : String(error));
      })
      .finally(() => {
        this.#running = undefined;
        // It ended early because of a change, and that change's own time has come meanwhile.
        if (this.#isDue && this.#timer === undefined) void this.#run();
      });
    return this.#running;
  }

  async #lintChanged(): Promise<void> {
    const stamp = this.#stamp;
    const isStale = () => stamp !== this.#stamp;
    const groups = new Map((await this.#groupsNow()).map((group) => [group.root, group]));
    const taken = new Set<string>();
    for (const group of groups.values()) {
      const own = group.members.filter((path) => !taken.has(path));
      for (const path of own) taken.add(path);
      if (!this.#isAllChanged && !this.#isChanged(group)) continue;
      const reports = await this.#lint(group, isStale);
      if (isStale()) return;
      for (const [path, report] of reports) {
        if (!own.includes(path)) continue; // a net of two solvers is shown with the first
        this.#reports.set(path, report);
        this.#reader.publish(path, report);
      }
    }
    if (isStale()) return;
    this.#groups = groups;
    this.#changed.clear();
    this.#isAllChanged = false;
    for (const path of this.#reports.keys()) {
      if (taken.has(path)) continue;
      this.#reports.delete(path);
      this.#reader.publish(path, undefined);
    }
  }

  async #groupsNow(): Promise<readonly Group[]> {
    const nets = new Map<string, readonly string[]>();
    for (const [path, document] of this.#reader.opened) {
      const text = document.getText();
      nets.set(path, text.length > largest ? [] : await this.#solvers.netsOf(text, path));
    }
    const named = new Set([...nets.values()].flat());
    const groups: Group[] = [];
    for (const [root, own] of nets) {
      if (own.length > 0) groups.push({ root, members: [root, ...own], solver: undefined });
      else if (!named.has(root)) groups.push({ root, members: [root], solver: await this.#solvers.beside(root) });
    }
    return groups;
  }

  /** Whether a group has other members than when it was linted, or one of them has changed. */
  #isChanged(group: Group): boolean {
    const { members, solver } = group;
    const before = this.#groups.get(group.root);
    const isSame = before !== undefined && before.solver === solver && before.members.join("\n") === members.join("\n");
    return !isSame || [...members, solver ?? ""].some((path) => this.#changed.has(path));
  }

  /** @param isStale whether a text has changed meanwhile, so that nobody waits for the rest */
  #lint({ root, solver: ofNet }: Group, isStale: () => boolean): Promise<ReadonlyMap<string, Report>> {
    const { files, log } = this.#reader;
    const work = async (path: string, solver = ofNet) =>
      isStale() ? undefined : lintOne(path, solver, files, () => this.#settings.of(path));
    const onMissing = (solver: string, net: string) => {
      const message = `${solver} names the net ${net}, which is not there`;
      if (!this.#missing.has(message)) log(message);
      this.#missing.add(message);
    };
    return withNets([root], work, { exists: (path) => files.exists(path), onMissing });
  }
}
