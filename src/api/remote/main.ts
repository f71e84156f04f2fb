/** The script of the worker that `moka-caffe/worker` starts. */
import { serve } from "./host.js";

serve();
