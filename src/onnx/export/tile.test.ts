import { testExport } from "../../../test/onnx/one-layer.js";

testExport(`type: "Tile" tile_param { tiles: 3 }`, [[2, 3, 4]], { error: 0 });
testExport(`type: "Tile" tile_param { axis: 0 tiles: 2 }`, [[2, 3]], { error: 0 });
testExport(`type: "Tile" tile_param { axis: -1 tiles: 2 }`, [[2, 1]], { error: 0 });
testExport(`type: "Tile" tile_param { tiles: 1 }`, [[2, 3]], { error: 0 });
