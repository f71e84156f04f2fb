/** The worker of `<moka-net>`, inside its one file. */
import { serve } from "moka-caffe/worker/host";

serve();
