import type { Pair } from "./template.js";

/** The forks of Caffe that have a layer type, in the genitive. */
export const forkNames: readonly Pair[] = [
  ["a YOLO fork's", "某个 YOLO 分支"],
  ["an OCR fork's", "某个 OCR 分支"],
  ["a face recognition fork's", "某个人脸识别分支"],
  ["OpenVINO's, which computes it after its own import of the net", "OpenVINO（它在自己导入网络之后才计算这一层）"],
  ["only netscope's, which draws nets and never runs them", "netscope（它只画网络，从不运行网络）"],
  ["DeepLab's first", "DeepLab 第一版"],
  ["NVIDIA's, for DetectNet", "NVIDIA（用于 DetectNet）"],
  ["Convolutional Pose Machines'", "Convolutional Pose Machines"],
  ["a type of the fork {name}", "分支 {name}"],
  ["{name}'s", "{name}"],
];
