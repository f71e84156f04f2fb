// Numbers: OpenCV 4.6 (cv2.resize), on the images that `pattern` makes.
import { describe, expect, it } from "vitest";
import type { Image } from "../../util/images.js";
import { type Interpolation, resizeAs } from "./resize-modes.js";

/** Value i is (37i + 11i²) mod 256. */
function pattern(height: number, width: number, channels: number): Image {
  const data = Uint8Array.from({ length: height * width * channels }, (_, i) => (37 * i + 11 * i * i) % 256);
  return { height, width, channels, data };
}

const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");

describe("an image of 6×7 and 3 channels", () => {
  it.each([
    [
      "nearest",
      4,
      5,
      "003076d244cc6a1ee8ec2472d650e0fcfa0e3878ce3abc549096b2e42c8aa640f0b692848caade8a2ce4b2969054bc3ace78380efafce050d67224ec",
    ],
    ["nearest", 3, 3, "0030766a1ee8ec2472deaa8cf040a61aeed854bc3a0efafce050d6"],
    [
      "nearest",
      9,
      11,
      "003076003076d244ccd244cc6a1ee8c8becac8becaec2472d650e0d650e0864214003076003076d244ccd244cc6a1ee8c8becac8becaec2472d650e0d650e0864214fcfa0efcfa0e3878ce3878ce3abc5402c6a002c6a09096b2e42c8ae42c8afe8828deaa8cdeaa8c8492b68492b6f040a622b45c22b45c1aeed8d8ee1ad8ee1a5cb422deaa8cdeaa8c8492b68492b6f040a622b45c22b45c1aeed8d8ee1ad8ee1a5cb422a640f0a640f0b69284b692848caade2888fe2888fe8a2ce4b29690b29690a0c60254bc3a54bc3ace7838ce78380efafc144286144286e050d67224ec7224eccabec854bc3a54bc3ace7838ce78380efafc144286144286e050d67224ec7224eccabec8e81e6ae81e6acc44d2cc44d2763000e6e2f4e6e2f41c5aae18982e18982eda9c74",
    ],
    ["nearest", 2, 2, "003076c8becaa640f02888fe"],
    [
      "nearest",
      8,
      5,
      "003076d244cc6a1ee8ec2472d650e0003076d244cc6a1ee8ec2472d650e0fcfa0e3878ce3abc549096b2e42c8adeaa8c8492b6f040a61aeed8d8ee1aa640f0b692848caade8a2ce4b29690a640f0b692848caade8a2ce4b2969054bc3ace78380efafce050d67224ece81e6acc44d27630001c5aae18982e",
    ],
    [
      "linear",
      4,
      5,
      "555f727d4ac797c0c0d7439faf513cceb47ca271a21ab96d79cd9296ad279a68b28caab72377e0a050c9a9b54bc5486d895b6ab2bad9416694b49c80",
    ],
    ["linear", 3, 3, "82709e65c2b5d44b82a988a8259eadadc03fbd63747d92bd747892"],
    [
      "linear",
      9,
      11,
      "0030765f399dc840ce8628e08c58ddc8becadf5c92e63090d84cd6aa48718642147e9542817c81805fc96069ab598ca665c2b59d829fc6559cda41b2ce5363c2651ef7ed23a6b96f4680c0539b7e3bb17407c39552b0ab988ca7d9547de2714be38f27e3b777b2a4957f88b7b964a29078861db76727d1ab5ddaa5cacf3ca4bb2777ad23c275beb182afa08fa0b57db88684ba259ead4193cc719bb9babd619ebf307ebd129855d2a76ea9b4918189acc659a2e5257cea6e4de59c48cfa67ba5a7a75ba7c52362a75891944fbb865550cec61fb3d5174e9a8e4bc2ba45d98439dca381bfc3bfa79e6d52b36669c063846886805794957d92bd7d6bc06e57b44a5d92928996d2ad9ee81e6adb2f99c442bf8d35399f7159e6e2f4658bc71b6b8b18923a829a54da9c74",
    ],
    ["linear", 2, 2, "3989b0cf47949e99698e2fe7"],
    [
      "linear",
      8,
      5,
      "2a3487932dddc8becae3359e96453d959f535b75a64cc3b0c457a0d4633cd1ca586d89930ebf87959d9ac79131c79b9dc069ae23af706cdb937abf20ad5bd2a298b8278eea9369bc9ebd1f838b7673b8b21c5cb3aa47d4b0aa8d997b5372918c637eaf7a52b9b69da8e2257f983854e6e2f41a737bb39b66",
    ],
    [
      "cubic",
      4,
      5,
      "505e6f7a3bd09ac0c3e52ea5b04e3bd9c473b25caa13bd5977eb9a93af23955fba92c4b61d6ef0ba2fdbadba46c8476a7e515cb6bbd727588db89d83",
    ],
    ["cubic", 3, 3, "866da562c4bbdc3892a78cb02aa3b2bbde1bce5d6a7b8bb2676f99"],
    [
      "cubic",
      9,
      11,
      "001b7862319ee43dd3890bf28552f2d9bdcef5577ef21889dc4feaa14b7c733a0081a228857d80795ad34c67a73f9da062c4bba5859bda3c9cde2bc5d9466bd06610ffff05aac3712b7dcc4ba2712dc35700c59037c4b99e90b1dc497af46843f19b23f6c768acb1967487bfd34ea7a5677119ba5700eab854f5b2d5de2cb1bf1365a927ca5de0b17ebea596a2de6abda274c12aa3b21d93e268a4c3c5db52a1d50f62bf008f45e7ad65a3bb97758dc0c744b3ff2277f97130f2b22bd9a770b7aaad58acce1047bb54989332c588444af4e400cbf6053d90a23ab7e33aec8722f49e7bd0cad0ac917b3bbd665cc75f81578d7d3da1917b8bb28f6ac36f4eb63c4e978c84a1e4b4b3f80c64e928b6c33ed283120eb06d34f8f0fd6594e8005d7b039c2380a33dee9874",
    ],
    ["cubic", 2, 2, "2679c4d3399eaf9568891eee"],
    [
      "cubic",
      8,
      5,
      "1b288a9f14edd6bdcdf121a18c423b9ba9464473a646c5b7d83baae55c3ceae64864869000c37897aaa4d4952ec899a4de55ba25af696cf19f71c418b150e0b49db02991f59c5dc49dc30c74946d73e0c50547b0d42befb4ad9992863e679c915d74a07e44c1ba9dbdee1b878c1b36f5edfc006667b89c5d",
    ],
    [
      "area",
      4,
      5,
      "696b767754c08aa0b4d347a1bb534bc4b47c9477a134b28384c28fa7a82c99729f89abb23e75daa250caa9ac62bd536e8766748c98bb4c629aa79886",
    ],
    ["area", 3, 3, "7b788b798da4cd536fb281b05e8dc196b84ca56c6e6c81ac8a7f9c"],
    [
      "area",
      9,
      11,
      "0030765a399bd244cc7923e4854cdfc8becae2508be92a82d650e0a8486b8642147e9542817d7d855ecd596ba45785a465c2b5a47a9cc25897dd3eb5cd545fc2651efcfa0ea8c2603878ce3ab2652abf6a02c6a067a4ad9c87ace42c8af36152fe8828deaa8cb7a09e8492b6e14ca8b5619122b45c1cddb535eebdd8ee1a91cd1f5cb422c275beb281b09d929db979bd9281bc259ead4592d06295cac5c2559cbf2f7ebd12a640f0ad63c2b6928492a7d16fa0e72888fe6e46eb903bd8b29690a8b13fa0c60254bc3a889f39ce783829e7e010c5da144286a64cbfd04ad97224eca47cd7cabec89e6d52b26668cd5e85568d7f5394907d92bd7e66c07656ba455e8d958b96d2ad9ee81e6adc2e97cc44d282331e966346e6e2f45681c21b639c18982e879a56da9c74",
    ],
    ["area", 2, 2, "8582969e8a748e7c98887da0"],
    [
      "area",
      8,
      5,
      "3c368f972edcbba7cee337a19d464e97a05d5879a445bba8c358a1d96047c4c460678b941cb9859c9598cf8b38c4a398c263ad3fa3676bee877fc520ab57d19ea0b7368df99b59c0a5b82b888d6c75b7ad1f6cb8a946d5ad9f9a9a7e5474948e5480aa7f4fbcac95ace029889b395ad6c9d11a7577a39b60",
    ],
    [
      "lanczos4",
      4,
      5,
      "515e6f7b35cd9bc0cae71baab24f3ed4d368ab63b70ab84f86eba299ad249561b193cdb4126af1c72ae6b0bc46cd4d6a77475bb7bcd0175680ba9f86",
    ],
    ["lanczos4", 3, 3, "876eab62c3c6d9399ca28bba3eabbab7ee0cd25f6a7b8ba6657196"],
    [
      "lanczos4",
      9,
      11,
      "00167d693d9de539d39600f17c51f8dabdcaf65f6fec1590db53e49d5a806e36007d9e2a877d857958d14966a535a8a162c3c6af7e9ade2b9edf20cad74871d86608ffff00a4c6732d7ccd489f7937c54500c58a30cabda392b0e0487af06441f09e2bffcf60a0bc8c7488becb55b3ae696112b75000f0ba62f5bad8da30b4ba0d62ae36ca41f0a978c9b190a9ea54bebf67bd3eabba0e96e266a0c0c3e8489de00052b6008f50e7a9659cb999728dc7c633beff1a75f9752be6bd28e1ae68bca7ae5bb4cb1240c35c9a8524c88b4452fbe800d3fd043c95b532a8e639f88a1efc9275d0d6d2ad8b8532c36859c65d815c8682369f857b8ba69b73c36357b33b52928986a0e1b3bcf7025ff432cfbf3bcf79090bb87028f9f2ff7298ff004f69009b1d8eb03cea9471",
    ],
    ["lanczos4", 2, 2, "2a77c5d9369cb7996c8c23f4"],
    [
      "lanczos4",
      8,
      5,
      "1e2d89a907ebd7bdcaeb1ba787493d9da64c4371a445c4c1db2babe75d3ae8f13e5f879a00c16da2aca5d79131c097a8e14ec42db36d77eda272c30baf48e5bd93ac3294f89e5cc499c90675906179ecc70043b5de26ffb4ac9b9789377098975c7495744fc2b39dbef41e977e1030f5efff005853bfa358",
    ],
  ] as [Interpolation, number, number, string][])("%s to %d×%d", (interpolation, height, width, wanted) => {
    const { data, ...size } = resizeAs(pattern(6, 7, 3), width, height, interpolation);
    expect(size).toEqual({ width, height, channels: 3 });
    const expected = Buffer.from(wanted, "hex");
    // Of cubic, OpenCV's own vectors round in single precision.
    const most = interpolation === "cubic" ? 1 : 0;
    const differences = [...data].map((value, i) => Math.abs(value - (expected[i] ?? 0)));
    expect(data.length).toBe(expected.length);
    expect(Math.max(...differences)).toBeLessThanOrEqual(most);
    expect(differences.filter((each) => each > 0).length).toBeLessThan(4);
  });
});

it("area of whole parts", () => {
  expect(hex(resizeAs(pattern(8, 8, 1), 4, 2, "area").data)).toBe("7894887498948894");
  expect(hex(resizeAs(pattern(8, 8, 1), 4, 4, "area").data)).toBe("78b488747874887478b488b4b8748874");
});

it("the same size is the same image", () => {
  const image = pattern(3, 4, 3);
  for (const interpolation of ["nearest", "linear", "cubic", "area", "lanczos4"] as const) {
    expect(resizeAs(image, 4, 3, interpolation)).toBe(image);
  }
});

it("of one color stays of that color", () => {
  const image = { width: 9, height: 5, channels: 1, data: new Uint8Array(45).fill(200) };
  for (const interpolation of ["nearest", "linear", "cubic", "area", "lanczos4"] as const) {
    for (const [width, height] of [
      [4, 3],
      [31, 17],
      [2, 17],
    ] as const) {
      expect(new Set(resizeAs(image, width, height, interpolation).data)).toEqual(new Set([200]));
    }
  }
});
