import { defineConfig } from 'astro/config';
import { slimTfjs } from './tools/slim-tfjs.ts';

/**
 * The site is static files. Where it is served from comes by environment, for GitHub Pages and the like:
 * PARAPET_SITE_URL (an origin such as https://example.org) and PARAPET_SITE_BASE (a path such as /parapet).
 * PARAPET_SITE_OUT and PARAPET_SITE_CACHE move the output and Astro's cache; the tests use them.
 */
const { PARAPET_SITE_URL, PARAPET_SITE_BASE, PARAPET_SITE_OUT, PARAPET_SITE_CACHE } = process.env;

export default defineConfig({
  srcDir: './site',
  publicDir: './site/public',
  outDir: PARAPET_SITE_OUT ?? './dist',
  ...(PARAPET_SITE_CACHE ? { cacheDir: PARAPET_SITE_CACHE } : {}),
  ...(PARAPET_SITE_URL ? { site: PARAPET_SITE_URL } : {}),
  base: PARAPET_SITE_BASE ?? '/',
  output: 'static',
  // Lossless: a line break between two words is a space, as in HTML.
  compressHTML: true,
  build: { inlineStylesheets: 'never' },
  devToolbar: { enabled: false },
  vite: {
    worker: { format: 'es', plugins: () => [slimTfjs()] },
    optimizeDeps: {
      include: [
        '@tensorflow/tfjs',
        '@tensorflow/tfjs-backend-wasm',
        '@tensorflow/tfjs-backend-webgl',
        '@tensorflow/tfjs-backend-webgpu',
      ],
    },
    // Nothing is inlined, so that the content security policy needs neither 'unsafe-inline' nor hashes.
    build: { assetsInlineLimit: 0 },
  },
});
