/** Name under which tfjs-node registers its kernels. */
export const nativeBackendName = 'tensorflow';
