import { describe, expect, test } from "vitest";
import { createFiles } from "#platform";
import { lintContext } from "../../test/lint.js";
import { lintText } from "../lint/lint.js";
import { solverParameters } from "../lint/rules/solver-parameters.js";
import { parseSolver } from "../proto/text/index.js";
import { MokaError } from "../util/errors.js";
import { checkSolver, problemsOf } from "./checks.js";

// ▶ marks the place of a solver's problem. It is not a part of the text.
const plain = 'base_lr: 0.1 max_iter: 9 snapshot_after_train: false net: "n"';
const fixed = `${plain} lr_policy: "fixed"`;

const errors: readonly (readonly [text: string, reason: string])[] = [
  [
    `${plain} ▶lr_policy: "cosine"`,
    'lr_policy "cosine" is unknown; there are fixed, step, exp, inv, multistep, poly, sigmoid',
  ],
  [
    `${plain} ▶lr_policy: "Step"`,
    'lr_policy "Step" is unknown; there are fixed, step, exp, inv, multistep, poly, sigmoid; did you mean "step"?',
  ],
  [
    `${plain} ▶lr_policy: "toString"`,
    'lr_policy "toString" is unknown; there are fixed, step, exp, inv, multistep, poly, sigmoid',
  ],
  [`▶${plain}`, "lr_policy is missing; there are fixed, step, exp, inv, multistep, poly, sigmoid"],
  [`${plain} ▶lr_policy: "step" gamma: 0.1`, 'lr_policy "step" needs stepsize greater than 0'],
  [`${plain} lr_policy: "step" gamma: 0.1 ▶stepsize: -3`, 'lr_policy "step" needs stepsize greater than 0'],
  [`${plain} ▶lr_policy: "sigmoid" gamma: 0.1`, 'lr_policy "sigmoid" needs stepsize greater than 0'],
  [`${plain} lr_policy: "exp" ▶gamma: -1`, "gamma must not be negative; it is -1"],
  [
    `base_lr: 1 snapshot_after_train: false net: "n" ▶lr_policy: "poly" power: 1`,
    'lr_policy "poly" needs max_iter greater than 0',
  ],
  [
    `${fixed} ▶type: "NESTEROV"`,
    'unknown solver type "NESTEROV"; there are SGD, Nesterov, AdaGrad, RMSProp, AdaDelta, Adam; did you mean "Nesterov"?',
  ],
  [`${fixed} ▶regularization_type: "l1"`, 'regularization_type must be "L1" or "L2", not "l1"; did you mean "L1"?'],
  [`${fixed} type: "AdaGrad" ▶momentum: 0.9`, "AdaGrad uses no momentum: it must be 0 or missing, not 0.9"],
  [`${fixed} type: "RMSProp" ▶momentum: 0.9`, "RMSProp uses no momentum: it must be 0 or missing, not 0.9"],
  [`${fixed} type: "RMSProp" ▶rms_decay: 1`, "rms_decay must be 0 or more and less than 1, not 1"],
  [`${fixed} type: "Adam" ▶momentum: 1`, "Adam needs momentum of 0 or more and less than 1, not 1"],
  [`${fixed} type: "Adam" ▶momentum2: 1.5`, "Adam needs momentum2 from 0 to 1, not 1.5"],
  [`${fixed} ▶iter_size: 0`, "iter_size must be 1 or more, not 0"],
  [`${fixed} ▶average_loss: 0`, "average_loss must be 1 or more, not 0"],
  [`${fixed} ▶test_iter: 5`, "test_interval must be greater than 0 where there are test nets"],
  [`${fixed} test_iter: 5 ▶test_interval: -1`, "test_interval must be greater than 0 where there are test nets"],
  [
    `${fixed} test_net: "a" test_net: "b" ▶test_iter: 5 test_interval: 1`,
    "test_iter must be given once for each test net: there are 2 test nets and 1 test_iter",
  ],
  [
    `${fixed} ▶test_net: "a" test_interval: 1`,
    "test_iter must be given once for each test net: there are 1 test nets and 0 test_iter",
  ],
  [
    `${fixed} test_iter: 5 test_interval: 1 ▶test_state { } test_state { }`,
    "test_state is given 2 times for 1 test nets; give none, or one each",
  ],
  [
    `${fixed} ▶train_net: "m"`,
    "the solver must name its training net by exactly one of net, net_param, train_net and train_net_param; it has net file: n and train_net file: m",
  ],
  [
    `${fixed.replace("false", "true").replace('net: "n"', "net_param { }")} ▶snapshot_prefix: "no/such/folder/x"`,
    "snapshots cannot be taken: cannot write no/such/folder/x_iter_0: no such file or folder (ENOENT)",
  ],
];

const warnings: readonly (readonly [text: string, reason: string])[] = [
  [
    `${plain} ▶lr_policy: "step" stepsize: 2`,
    'lr_policy "step" without gamma, which is then 0: so is the learning rate after the first step',
  ],
  [
    `${plain} ▶lr_policy: "exp"`,
    'lr_policy "exp" without gamma, which is then 0: so is the learning rate after the first step',
  ],
  [
    `${plain} ▶lr_policy: "inv" gamma: 0.1`,
    'lr_policy "inv" without power, which is then 0: the learning rate never changes',
  ],
  [
    `${plain} ▶lr_policy: "inv" power: 1`,
    'lr_policy "inv" without gamma, which is then 0: the learning rate never changes',
  ],
  [
    `${plain} ▶lr_policy: "sigmoid" stepsize: 2`,
    'lr_policy "sigmoid" without gamma, which is then 0: the learning rate never changes',
  ],
  [`${plain} ▶lr_policy: "poly"`, 'lr_policy "poly" without power, which is then 0: the learning rate never changes'],
  [
    `${plain} ▶lr_policy: "multistep" gamma: 0.1`,
    'lr_policy "multistep" without stepvalue: the learning rate never changes',
  ],
  [
    `${plain} lr_policy: "multistep" gamma: 0.1 stepvalue: 10 ▶stepvalue: 5`,
    "stepvalue 5 stands after 10: steps are taken in the order of the text, one an iteration",
  ],
  [
    `${plain} lr_policy: "multistep" gamma: 0.1 stepvalue: [5, 10, ▶10]`,
    "stepvalue 10 stands after 10: steps are taken in the order of the text, one an iteration",
  ],
  [
    '▶max_iter: 9 snapshot_after_train: false net: "n" lr_policy: "fixed"',
    "base_lr is missing, which is 0: nothing is learned",
  ],
  [
    '▶base_lr: -0.5 max_iter: 9 snapshot_after_train: false net: "n" lr_policy: "fixed"',
    "base_lr is -0.5: the loss is made larger",
  ],
  [`${fixed} ▶weight_decay: -0.1`, "weight_decay is -0.1: every update makes the weights larger"],
  [
    `${plain} lr_policy: "step" stepsize: 5 ▶gamma: 10`,
    'gamma is 10: lr_policy "step" makes the learning rate larger, not smaller',
  ],
  [
    `${plain} lr_policy: "poly" ▶power: -1`,
    'power is -1: lr_policy "poly" makes the learning rate larger, not smaller',
  ],
  ...["SGD", "Nesterov", "AdaDelta"].map(
    (type) =>
      [
        `${fixed} type: "${type}" ▶momentum: 1.5`,
        "momentum is 1.5: what an update adds never fades away, as it does with the usual 0.9",
      ] as const,
  ),
  [
    'base_lr: 1 ▶max_iter: -9 snapshot_after_train: false net: "n" lr_policy: "fixed"',
    "max_iter is -9: no iteration is run",
  ],
  [`${fixed} ▶snapshot: -5`, "snapshot is -5: no snapshot is taken before the end"],
  [`${fixed} test_interval: 1 test_iter: 3 ▶test_iter: 0`, "test_iter is 0: test net 1 runs no batch"],
];

describe.each([
  ["error", errors],
  ["warning", warnings],
] as const)("%s", (severity, cases) => {
  test.each(cases)("%s", async (marked, reason) => {
    const text = `${marked.replace("▶", "")}\n`;
    const solver = parseSolver(text).message;
    expect(await problemsOf(solver, createFiles())).toMatchObject([{ severity, reason }]);

    const logged: string[] = [];
    const error = await checkSolver(
      solver,
      createFiles(),
      (level, _, line) => void logged.push(`${level} ${line}`),
    ).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (severity === "error") expect(error).toMatchObject({ name: MokaError.name, reason });
    else expect([error, logged]).toEqual([undefined, [expect.stringMatching(/^warning <text>:1:\d+: /)]]);

    const found = await lintText(text, undefined, [solverParameters], {}, lintContext());
    expect(found).toMatchObject([{ severity, message: reason, line: 1 }]);
    const column = marked.indexOf("▶") + 1;
    expect(found[0]?.column).toBe(column);
    if (severity === "error") expect(error).toMatchObject({ place: { line: 1, column } });
    else expect(logged[0]).toContain(`:1:${column}: `);
  });
});

test("a solver without problems", async () => {
  const text = `${plain} lr_policy: "multistep" gamma: 0.1 stepvalue: 5 stepvalue: 10 test_iter: 3 test_interval: 2 momentum: 0.9\n`;
  expect(await problemsOf(parseSolver(text).message, createFiles())).toEqual([]);
  expect(await lintText(text, undefined, [solverParameters], {}, lintContext())).toEqual([]);
});

test("nothing is said of the snapshots' folder where the net is not found either", async () => {
  const text = `${fixed.replace("false", "true")} snapshot_prefix: "no/such/folder/x"\n`;
  expect(await problemsOf(parseSolver(text).message, createFiles())).toEqual([]);
});
