/** The layer types of BVLC Caffe, a list that does not grow any more; all others come from forks. */
export const bvlcTypes: readonly string[] = (
  "AbsVal Accuracy ArgMax BNLL BatchNorm BatchReindex Bias Clip Concat ContrastiveLoss Convolution Crop Data " +
  "Deconvolution Dropout DummyData ELU Eltwise Embed EuclideanLoss Exp Filter Flatten HDF5Data HDF5Output HingeLoss " +
  "Im2col ImageData InfogainLoss InnerProduct Input LRN LSTM LSTMUnit Log MVN MemoryData MultinomialLogisticLoss PReLU " +
  "Parameter Pooling Power RNN ReLU Reduction Reshape SPP Scale Sigmoid SigmoidCrossEntropyLoss Silence Slice Softmax " +
  "SoftmaxWithLoss Split Swish TanH Threshold Tile WindowData"
).split(" ");
