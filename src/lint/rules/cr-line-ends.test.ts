import { testRule } from "../../../test/lint.js";
import { crLineEnds } from "./cr-line-ends.js";

const net = `# a net
layer { name: "a" type: "ReLU" bottom: "x" top: "y" } # the first
layer { name: "b" type: "AbsVal" bottom: "y" top: "z" }
`;

testRule(crLineEnds, {
  good: {
    LF: net,
    "CR and LF": net.replaceAll("\n", "\r\n"),
    "CR without comments, which is a blank": net.replaceAll(/ ?#.*/g, "").replaceAll("\n", "\r"),
    "a comment with nothing but comments behind it":
      'layer { name: "a" type: "ReLU" bottom: "x" top: "y" } # a\r\r# b\r',
  },
  bad: {
    "CR only": {
      text: `▶${net.replaceAll("\n", "\r")}`,
      fixed: net,
      says: ["hides 2 lines"],
    },
    "CR here and there": {
      text: `layer { name: "a" type: "ReLU"\r\n bottom: "x" ▶# x\r top: "y"\n top: "y" }\n`,
      says: ["hides 1 line"],
    },
  },
});
