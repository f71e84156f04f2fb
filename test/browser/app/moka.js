import { serve } from "moka-caffe/worker/host";

serve();
