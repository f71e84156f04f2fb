import { describe, expect, it } from "vitest";
import { connectMpi as connectInPage } from "../browser/mpi.js";
import { candidates, findMpi, launcherOf } from "./mpi/library.js";
import { processState } from "./mpi/processes.js";
import { connectMpi } from "./mpi.js";
import { processMark } from "./process-mark.js";

describe("the MPI library", () => {
  it("is the one of the launcher, first of all", () => {
    expect(candidates({ PMI_RANK: "0", PMI_SIZE: "2" }, "linux")[0]).toBe("libmpich.so.12");
    expect(candidates({ OMPI_COMM_WORLD_SIZE: "2", PMI_RANK: "0" }, "linux")[0]).toBe("libmpi.so.40");
    expect(candidates({ PMIX_RANK: "0" }, "linux")[0]).toBe("libmpi.so.40");
    expect(candidates({}, "linux")).toContain("libmpich.so.12");
    expect(candidates({}, "darwin")[0]).toBe("/opt/homebrew/lib/libmpi.dylib");
  });

  it("is the one that MOKA_MPI names, and no other", () => {
    expect(candidates({ MOKA_MPI: "/a/libmpi.so", PMI_RANK: "0" }, "linux")).toEqual(["/a/libmpi.so"]);
    expect(() => findMpi({ MOKA_MPI: "/nowhere/libmpi\n.so" })).toThrow(
      /^MOKA_MPI names no MPI library that works \(tried \/nowhere\/libmpi\\n\.so: /,
    );
  });

  it("is refused if it is none", () => {
    const library = process.platform === "darwin" ? "/usr/lib/libSystem.B.dylib" : "libc.so.6";
    expect(() => findMpi({ MOKA_MPI: library })).toThrow(/^MOKA_MPI names no MPI library that works \(tried .*MPI_/);
  });

  it("is named with its packages where there is none", () => {
    expect(() => findMpi({}, "win32")).toThrow(/Debian: openmpi-bin libopenmpi3.*libmpich12.*MOKA_MPI.*tried none/);
  });
});

it("the launcher tells the number of ranks", () => {
  expect(launcherOf({})).toBeUndefined();
  expect(launcherOf({ OMPI_COMM_WORLD_SIZE: "4" })).toMatchObject({ name: "Open MPI's mpirun", size: 4 });
  expect(launcherOf({ PMI_RANK: "1", PMI_SIZE: "3" })).toMatchObject({ name: "MPICH's mpirun", size: 3 });
  expect(launcherOf({ PMI_RANK: "1", SLURM_STEP_NUM_TASKS: "8" })).toMatchObject({ name: "srun", size: 8 });
});

it("a timeout must be above 0", async () => {
  await expect(connectMpi({ timeout: 0 })).rejects.toThrow("the timeout of MPI is 0 seconds; it must be above 0");
});

it("a page has no MPI", async () => {
  await expect(connectInPage()).rejects.toMatchObject({ code: "MOKA_UNSUPPORTED" });
});

it("tells what a process of this machine does", () => {
  expect(processState(processMark())).toBe("runs");
  expect(processState(processMark().replace(/\d+$/, "99999999"))).toBe("ended");
  expect(processState(`elsewhere-${process.pid}`)).toBe("unknown");
});
