// Numbers: OpenCV 4.6 (cv2.resize with fx and fy) on the images that `pattern` makes; the factor by SSD's rule in numpy float32.
import { expect, test } from "vitest";
import { factorFor, resizeByFactor } from "./resize-by-factor.js";

/** Value i is (37i + 11i²) mod 256. */
function pattern(height: number, width: number) {
  const data = Uint8Array.from({ length: height * width * 3 }, (_, i) => (37 * i + 11 * i * i) % 256);
  return { height, width, channels: 3, data };
}

test.each([
  [
    6,
    7,
    10,
    0,
    10,
    12,
    "003076543898d244cc942ddd7d3ee2b59ed0d680a7ec2472df3eb4c64db796453d86421465814c7871809459cd6f5bb95d71af72adb79895a7c7518bd348aad4479dbd583cb65e1cfcfa0eaec65b3878ce39a1852fbe630dc4913bb3a79096b2c2569ae93e76f9763cfe8828eaca5ab5af826587bf8d7a9c8a808232ac7a2ac19849cbc9a2b17bd0a140a9a22b9da224d395a0b794a58e92acbd6dafb766a6489a8728b6a230c7da90d475bcd52d7ebf206ab71bb155dcaf6dbdac928ea594b78894d53f91db4578df7353e19e86a2b2ad629abd1f92c2088571a79c7a8dbf876582afb54eb7e42c7fd45858d4ac3adea056c59d7aa1acb165b1c35154bc3a85a139ce78385bc6ae0fd5e413679e6648a6e050d69e36e38443e5b89fcfcabec8ad5d57b95b6fcd59948071785a8779849bb48283c46a56be4e62955a767fb59d90d4a995e81e6add2d94cc44d29838548c5331d0bec395acd81c5aae197f613f993cb39b66da9c74",
  ],
  [
    6,
    7,
    0,
    5,
    4,
    5,
    "4c56768144cba0bfc2d9409faa4f3ccfbd6e8d7a9c15bb7784ba95a9a22ba950da9da0ba2888fe9a56c2a4bc1e9c7855738d8a6882b27753b7b69ea5",
  ],
  [
    6,
    7,
    9,
    10,
    9,
    10,
    "003076693aa1c13ed07b24e3996ed9cea4bbe63e80e13aa9c94dbe9344367e9542827a887c60c55a6aa65c98aa74b1afaf6e98ce4ea4d8449cc65e37f7ed239eb4764883b955a07330b57b1bbe9b69aab2af7898e2576ae38434e3b777ada2988684b4c35e9e7786801fbe792bd9c084d67fc9c82b87b224c275beb084aea28da3b87abc728ab82c9bb54a90d68ca89ab9c14a8abe1d9855d2a971a4af958982b0d14e9ae63870e9853ee3a05ac0a78e8ba7ba3862a75896924eae8f623fdad91d9dc8364da4b34acea740da884ed4b7a8b09e6d52b6666cb66784598c7f60949e7d88be7e5fc1625aa85c6b90baa09be81e6ada319ebe41af843323ae897ac4cbe83e71b91a796e38983aba9b68",
  ],
  [
    9,
    4,
    0,
    8,
    8,
    4,
    "1b307bbf3ed08953d2cbc2bec93787aa62a993872ee8e72d6e65b16eaf565cb1a28c95b3e43b919aa45392c39ba9ba729a80616d80ae84be9fadc8883e8fbc9945d6aba1769abd4753ae5ea581732dbbc12e5b6dd154cd8546ddc78faddb206c",
  ],
  [6, 7, 0, 3, 3, 3, "7f819944c3aedc4b7ab177a82888feaca661d537afe6e2f4599945"],
] as [number, number, number, number, number, number, string][])(
  "%i×%i with min_dim %i and max_dim %i becomes %i×%i",
  (height, width, minDim, maxDim, newHeight, newWidth, wanted) => {
    const image = pattern(height, width);
    const { data, ...size } = resizeByFactor(image, factorFor(image, minDim, maxDim));
    expect(size).toEqual({ height: newHeight, width: newWidth, channels: 3 });
    expect(Buffer.from(data).toString("hex")).toBe(wanted);
  },
);

test("without limits, or within them, the factor is 1; no side vanishes", () => {
  expect([factorFor(pattern(6, 7), 0, 0), factorFor(pattern(6, 7), 6, 7)]).toEqual([1, 1]);
  expect(resizeByFactor(pattern(1, 9), 0.25)).toMatchObject({ height: 1, width: 2 });
});
