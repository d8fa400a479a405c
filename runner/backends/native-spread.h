// The input gradient of a convolution with few input channels: a first layer's.
#pragma once
#include "native-common.h"

namespace parapet {

typedef float Eight __attribute__((vector_size(32), aligned(4)));

// What each place of `kPixels` neighbouring outputs sends to the kTaps inputs under the filter: dy · filterᵀ.
template <int kTaps, int kPixels>
INLINE void tap_sums(const float* dy, const float* filter, int64_t channels, float* sums) {
  Eight sum[kPixels][kTaps / 8] = {};
  for (int64_t k = 0; k < channels; k++) {
    for (int part = 0; part < kTaps / 8; part++) {
      const Eight weights = *reinterpret_cast<const Eight*>(filter + k * kTaps + part * 8);
      for (int pixel = 0; pixel < kPixels; pixel++) sum[pixel][part] += dy[pixel * channels + k] * weights;
    }
  }
  for (int pixel = 0; pixel < kPixels; pixel++) {
    for (int part = 0; part < kTaps / 8; part++) {
      *reinterpret_cast<Eight*>(sums + pixel * kTaps + part * 8) = sum[pixel][part];
    }
  }
}

template <int kTaps>
INLINE void spread(const Geometry& g, const Shape& in, const Shape& out, const float* dy,
                                                  const float* filter, float* dx, int64_t first, int64_t end) {
  constexpr int kPixels = 64 / kTaps;
  float sums[64];
  std::fill(dx + first * in.image(), dx + end * in.image(), 0.0f);
  for (int64_t image = first; image < end; image++) {
    for (int64_t row = 0; row < out.height; row++) {
      const float* line = dy + (image * out.height + row) * out.width * out.channels;
      for (int64_t column = 0; column < out.width; column += kPixels) {
        const int64_t pixels = std::min<int64_t>(kPixels, out.width - column);
        if (pixels == kPixels) {
          tap_sums<kTaps, kPixels>(line + column * out.channels, filter, out.channels, sums);
        } else {
          for (int64_t i = 0; i < pixels; i++) {
            tap_sums<kTaps, 1>(line + (column + i) * out.channels, filter, out.channels, sums + i * kTaps);
          }
        }
        for (int64_t i = 0; i < pixels; i++) {
          const int64_t top = row * g.stride_height - g.pad_top, left = (column + i) * g.stride_width - g.pad_left;
          const int64_t from = std::max<int64_t>(0, -left), to = std::min<int64_t>(g.window_width, in.width - left);
          for (int64_t r = 0; r < g.window_height; r++) {
            if (top + r < 0 || top + r >= in.height) continue;
            float* target = dx + ((image * in.height + top + r) * in.width + left) * in.channels;
            const float* taps = sums + i * kTaps + r * g.window_width * in.channels;
            for (int64_t t = from * in.channels; t < to * in.channels; t++) target[t] += taps[t];
          }
        }
      }
    }
  }
}

TWICE(spread16, spread<16>)
TWICE(spread32, spread<32>)

}  // namespace parapet
