/** Files that people have their models in and that are not read, because they are programs or hold code: what to write instead. */
const torch = 'torch.onnx.export(model.eval(), example, "model.onnx", external_data=False)';

const instead: Readonly<Record<string, string>> = {
  '.pt': torch,
  '.pth': torch,
  '.ckpt': torch,
  '.pkl': 'torch.onnx.export or skl2onnx.to_onnx',
  '.pickle': 'torch.onnx.export or skl2onnx.to_onnx',
  '.joblib': 'skl2onnx.to_onnx',
  '.h5': 'tf2onnx.convert.from_keras',
  '.hdf5': 'tf2onnx.convert.from_keras',
  '.keras': 'tf2onnx.convert.from_keras',
};

/** The ending of a file's name, in lower case and with its dot; empty where there is none. */
export function endingOf(name: string): string {
  return /\.[^./\\]+$/.exec(name)?.[0].toLowerCase() ?? '';
}

/** What to export a model by that lies in a file of such a name; null for one that may be read. */
export function exportInstead(name: string): string | null {
  return instead[endingOf(name)] ?? null;
}

/** First bytes of files that are none of ours, and what they are. */
const signatures: readonly { readonly bytes: readonly number[]; readonly at?: number; readonly what: string }[] = [
  { bytes: [0x50, 0x4b, 0x03, 0x04], what: 'a zip archive, as .pt of PyTorch and .keras are' },
  { bytes: [0x1f, 0x8b], what: 'a gzip archive' },
  { bytes: [0x42, 0x5a, 0x68], what: 'a bzip2 archive' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], what: 'an xz archive' },
  { bytes: [0x75, 0x73, 0x74, 0x61, 0x72], at: 257, what: 'a tar archive' },
  { bytes: [0x89, 0x48, 0x44, 0x46], what: 'an HDF5 file, as .h5 of Keras is' },
  { bytes: [0x80, 0x02], what: 'a pickle, which can run code when it is opened' },
  { bytes: [0x80, 0x04], what: 'a pickle, which can run code when it is opened' },
];

/**
 * What a file is by its first bytes, whatever its name, where that is none of what is read. Safetensors that begin as one of these would
 * have a header of thousands of terabytes or, of those of two bytes, one of such a length by accident: those are told by the brace after it.
 */
export function foreignKind(bytes: Uint8Array): string | null {
  if (bytes[8] === 0x7b) return null;
  const found = signatures.find(({ bytes: wanted, at = 0 }) => wanted.every((byte, i) => bytes[at + i] === byte));
  return found?.what ?? null;
}
