/**
 * The messages of an ONNX file, decoded as far as inference needs them. What would run other code or read other files is refused by name:
 * subgraphs, functions of the file's own, sparse and external tensors in submissions, training information.
 *
 * Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (field numbers), IR versions 3 to 13.
 */
import { limits } from './limits.ts';
import { type Attribute, decodeAttribute } from './message-attribute.ts';
import { decodeTensor, type StoredOnnxTensor } from './message-tensor.ts';
import { decodeValueInfo, type OnnxValueInfo } from './message-value-info.ts';
import { refuse } from './refuse.ts';
import { bytesOf, intOf, readMessage, stringOf } from './wire.ts';

export interface OnnxNode {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, StoredOnnxTensor>;
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
}

export interface OnnxModel {
  readonly irVersion: number;
  readonly producer: string;
  /** Version of the operators of each domain; the standard one is ''. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly graph: OnnxGraph;
}

/**
 * @param bytes a whole file
 * @throws ParapetError 'submission' that says what is wrong
 */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  if (bytes.length > limits.fileBytes) refuse(`${bytes.length} bytes; the limit is ${limits.fileBytes}`);
  let irVersion = 0;
  let producer = '';
  let graph: Uint8Array | null = null;
  const opsets = new Map<string, number>();
  readMessage(bytes, 'the file', (field, value) => {
    switch (field) {
      case 1:
        irVersion = intOf(value, 'ir_version');
        break;
      case 2:
        producer = `${stringOf(value, 'producer_name')}${producer}`;
        break;
      case 3:
        producer = `${producer} ${stringOf(value, 'producer_version')}`;
        break;
      case 7:
        graph = bytesOf(value, 'graph');
        break;
      case 8: {
        const { domain, version } = decodeOpset(bytesOf(value, 'opset_import'));
        const before = opsets.get(domain);
        // Some exporters say the same thing twice.
        if (before !== undefined && before !== version) refuse(`opsets ${before} and ${version} of domain '${domain}'`);
        opsets.set(domain, version);
        break;
      }
      case 20:
        return refuse('it holds training information');
      case 25:
        return refuse(
          'it defines functions of its own',
          'inline them: onnx.inliner.inline_local_functions, or export by PyTorch 2.6 or later, which does',
        );
      case 4: // domain
      case 5: // model_version
      case 6: // doc_string
      case 14: // metadata_props
      case 26: // configuration of devices
        break;
      default:
        refuse(`the file has an unknown field ${field}; is it an ONNX model?`);
    }
  });
  if (graph === null || opsets.size === 0) {
    refuse('it has no graph or no opset', 'is it an ONNX model? export it by torch.onnx.export');
  }
  return { irVersion, producer: producer.trim(), opsets, graph: decodeGraph(graph) };
}

function decodeOpset(message: Uint8Array) {
  let domain = '';
  let version = 0;
  readMessage(message, 'opset_import', (field, value) => {
    if (field === 1) domain = stringOf(value, 'opset_import.domain');
    else if (field === 2) version = intOf(value, 'opset_import.version');
    else refuse(`opset_import has an unknown field ${field}`);
  });
  return { domain: standardDomain(domain), version };
}

function standardDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

function decodeGraph(message: Uint8Array): OnnxGraph {
  const nodes: OnnxNode[] = [];
  const initializers = new Map<string, StoredOnnxTensor>();
  const inputs: OnnxValueInfo[] = [];
  const outputs: OnnxValueInfo[] = [];
  readMessage(message, 'the graph', (field, value) => {
    switch (field) {
      case 1:
        if (nodes.length === limits.nodes) refuse(`over ${limits.nodes} nodes`);
        nodes.push(decodeNode(bytesOf(value, 'node'), nodes.length));
        break;
      case 5: {
        if (initializers.size === limits.initializers) refuse(`over ${limits.initializers} initializers`);
        const tensor = decodeTensor(bytesOf(value, 'initializer'), 'an initializer');
        if (initializers.has(tensor.name)) refuse(`the initializer '${tensor.name}' stands twice`);
        initializers.set(tensor.name, tensor);
        break;
      }
      case 11:
        inputs.push(decodeValueInfo(bytesOf(value, 'input')));
        break;
      case 12:
        outputs.push(decodeValueInfo(bytesOf(value, 'output')));
        break;
      case 14:
        return refuse('it is annotated for quantisation', 'export the model in float32 or float16');
      case 15:
        return refuse('it has sparse initializers', 'store the weights densely');
      case 2: // name
      case 10: // doc_string
      case 13: // value_info
      case 16: // metadata_props
        break;
      default:
        refuse(`the graph has an unknown field ${field}`);
    }
    if (inputs.length > limits.values || outputs.length > limits.values)
      refuse(`over ${limits.values} inputs or outputs`);
  });
  return { nodes, initializers, inputs, outputs };
}

function decodeNode(message: Uint8Array, index: number): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Attribute>();
  let [name, opType, domain] = ['', '', ''];
  const what = `node ${index}`;
  readMessage(message, what, (field, value) => {
    switch (field) {
      case 1:
        inputs.push(stringOf(value, `an input of ${what}`));
        break;
      case 2:
        outputs.push(stringOf(value, `an output of ${what}`));
        break;
      case 3:
        name = stringOf(value, `the name of ${what}`);
        break;
      case 4:
        opType = stringOf(value, `op_type of ${what}`);
        break;
      case 5: {
        const attribute = decodeAttribute(bytesOf(value, `an attribute of ${what}`), what);
        if (attributes.has(attribute.name)) refuse(`${what} has the attribute '${attribute.name}' twice`);
        attributes.set(attribute.name, attribute.value);
        break;
      }
      case 7:
        domain = standardDomain(stringOf(value, `the domain of ${what}`));
        break;
      case 6: // doc_string
      case 8: // overload, of functions only
      case 9: // metadata_props
      case 10: // device_configurations
        break;
      default:
        refuse(`${what} has an unknown field ${field}`);
    }
    if (inputs.length > limits.values || outputs.length > limits.values)
      refuse(`${what} has over ${limits.values} values`);
  });
  return { name, opType, domain, inputs, outputs, attributes };
}
