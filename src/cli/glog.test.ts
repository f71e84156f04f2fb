import { expect, test } from "vitest";
import { glog } from "./glog.js";

test("lines are those of glog, as Caffe's log readers take them apart", () => {
  let text = "";
  const log = glog((line) => {
    text += line;
  });
  log("info", "solver.cpp:289", "Solving LeNet");
  log("warning", "upgrade_proto.cpp:66", "old");
  const [info, warning] = text.split("\n");
  expect(info).toMatch(/^I\d{4} \d\d:\d\d:\d\d\.\d{6} \d+ solver\.cpp:289\] Solving LeNet$/);
  expect(warning).toMatch(/^W\d{4} /);
  const now = new Date();
  expect(info.slice(1, 5)).toBe(
    `${String(now.getMonth() + 1).padStart(2, "0")}${String(now.getDate()).padStart(2, "0")}`,
  );
});

test("a message that ends with a line is not followed by an empty one", () => {
  const written: string[] = [];
  glog((line) => written.push(line))("info", "net.cpp:53", 'Initializing net from parameters: \nname: "LeNet"\n');
  expect(written.join("")).toMatch(/parameters: \nname: "LeNet"\n$/);
});
