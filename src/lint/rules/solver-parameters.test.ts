import { testRule } from "../../../test/lint.js";
import { solverParameters } from "./solver-parameters.js";

// src/solvers/checks.test.ts has all that is checked.
const common = 'net: "n"\nmax_iter: 9\nsnapshot_after_train: false\nbase_lr: 0.1\n';

const detection = (mark: string) => `layer { name: "d" type: "Input" top: "found" top: "truth"
  input_param { shape { dim: 1 dim: 1 dim: 1 dim: 7 } shape { dim: 1 dim: 1 dim: 1 dim: 8 } } }
layer { name: "e" ${mark}type: "DetectionEvaluate" bottom: "found" bottom: "truth" top: "e" include { phase: TEST }
  detection_evaluate_param { num_classes: 2 } }
`;

testRule(solverParameters, {
  good: {
    "a solver that is built": `${common}lr_policy: "step" gamma: 0.1 stepsize: 5\n`,
    "the old solver_type": `${common}lr_policy: "fixed" solver_type: NESTEROV\n`,
    "a net": 'layer { name: "a" type: "ReLU" bottom: "x" top: "y" }\n',
    "the net of a solver, which has findings of its own": {
      text: 'layer { name: "a" type: "ReLU" bottom: "x" top: "y" }\n',
      solver: 'net: "n" lr_policy: "none"\n',
    },
    "a net whose detections the solver evaluates": {
      text: detection(""),
      solver: 'net: "n" test_iter: 1 test_interval: 1 eval_type: "detection"\n',
    },
  },
  bad: {
    "a net whose detections the solver averages": {
      severity: "warning",
      text: detection("▶"),
      solver: 'net: "n" test_iter: 1 test_interval: 1\n',
      says: ['needs eval_type: "detection"', "probably a mistake"],
    },
    "names that are misspelled": {
      text: `${common}▶lr_policy: "Fixed" # x10\n▶type: "nesterov"\n▶regularization_type: "l1"\n`,
      fixed: `${common}lr_policy: "fixed" # x10\ntype: "Nesterov"\nregularization_type: "L1"\n`,
    },
    "a rule without momentum": {
      text: `${common}lr_policy: "fixed" type: "RMSProp"\n▶momentum: 0.9\n`,
      says: ["RMSProp uses no momentum", "not built"],
    },
    "steps out of order": {
      severity: "warning",
      text: `${common}lr_policy: "multistep" gamma: 0.1\nstepvalue: 10\n▶stepvalue: 5\n`,
      says: ["stepvalue 5 stands after 10"],
    },
    "no training net, which a script may add, with the folder for the snapshots": {
      text: '▶base_lr: 1 max_iter: 5 lr_policy: "fixed" snapshot_prefix: "not/here/net"\n',
      says: ["it has none"],
    },
  },
});
