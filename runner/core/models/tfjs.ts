import type { Classifier } from './classifier.ts';
import { listingOf, type Shards } from './tfjs/file.ts';
import { loadTfjsGraph } from './tfjs-graph.ts';
import { loadTfjsLayers } from './tfjs-layers.ts';

/**
 * A model of TensorFlow.js of either kind.
 * @param json a whole model.json
 * @param shards the bytes of its weight files, under the names that `listingOf` gives
 * @throws ParapetError 'submission' that says what is wrong with it
 */
export function loadTfjs(json: Uint8Array, shards: Shards): Promise<Classifier> {
  return listingOf(json).format === 'layers-model' ? loadTfjsLayers(json, shards) : loadTfjsGraph(json, shards);
}
