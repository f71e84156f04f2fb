import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const contained = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];

const names = ["chromium", "chromium-browser", "google-chrome"];

export const withoutChromium = `no browser runs here: CHROME_PATH, ${names.join(", ")}`;

/** Chromium or Chrome of this machine, if there is one that runs: `CHROME_PATH`, or one of the usual names. */
export const chromium: string | undefined = find();

function find(): string | undefined {
  const { CHROME_PATH } = process.env;
  const found = (CHROME_PATH ? [CHROME_PATH] : names).find((name) => {
    try {
      // Installed is not enough: in some containers it cannot show a page.
      return execFileSync(name, ["--headless", ...contained, "--dump-dom", "about:blank"], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
        timeout: 60_000,
      });
    } catch {
      return false;
    }
  });
  if (!found && process.env["MOKA_REQUIRE_BROWSER"] === "1") throw new Error(withoutChromium);
  return found;
}

/** A browser without a window, with a profile of its own. */
export interface Browser {
  /** What it said on stderr, for those who wonder why nothing came. */
  readonly said: () => string;
  close(): Promise<void>;
}

/** Flags for a browser that computes WebGPU in software. */
export const softwareGpu = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

export function open(path: string, url: string, flags: readonly string[] = []): Browser {
  const profile = mkdtempSync(join(tmpdir(), "moka-browser-"));
  const quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  // In a group of its own, so that all its processes can be ended.
  const child = spawn(path, ["--headless", ...quiet, ...contained, `--user-data-dir=${profile}`, ...flags, url], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (data: Buffer) => {
    said = (said + data.toString()).slice(-2000);
  });
  child.on("error", (error) => {
    said += error.message;
  });
  const ended = once(child, "close").catch(() => {});
  return {
    said: () => said,
    async close() {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended already, with all its processes.
      }
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
