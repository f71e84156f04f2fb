/** The dialects by the words of the metadata. */
export const dialectOf: Readonly<Record<string, string>> = {
  segnet: "segnet",
  psp: "pspnet",
  nearest: "eric612",
  ssd: "ssd",
  frcn: "faster-rcnn",
  happynear: "happynear",
  nvcaffe: "nvcaffe",
};
