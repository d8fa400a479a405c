// The gradient of max-pooling.
#pragma once
#include <limits>

#include "native-common.h"

namespace parapet {

// Gradient of max-pooling for some images: dy of each window goes to the first of its largest cells, in reading order.
INLINE void scatter_to_winners(const Geometry& g, const Shape& in, const Shape& out, const float* dy, const float* x, float* dx,
                        int64_t first, int64_t end) {
  const int64_t channels = in.channels;
  std::vector<float> largest(channels);
  std::vector<int32_t> winner(channels);
  std::fill(dx + first * in.image(), dx + end * in.image(), 0.0f);
  for (int64_t image = first; image < end; image++) {
    for (int64_t row = 0; row < out.height; row++) {
      for (int64_t column = 0; column < out.width; column++) {
        const int64_t top = row * g.stride_height - g.pad_top, left = column * g.stride_width - g.pad_left;
        const int64_t top_in = std::max<int64_t>(0, top), bottom_in = std::min(in.height, top + g.window_height);
        const int64_t left_in = std::max<int64_t>(0, left), right_in = std::min(in.width, left + g.window_width);
        const float* source = dy + ((image * out.height + row) * out.width + column) * channels;
        std::fill(largest.begin(), largest.end(), -std::numeric_limits<float>::infinity());
        std::fill(winner.begin(), winner.end(), -1);
        float* best = largest.data();
        int32_t* who = winner.data();
        int32_t cell = 0;
        for (int64_t r = top_in; r < bottom_in; r++) {
          for (int64_t c = left_in; c < right_in; c++, cell++) {
            const float* value = x + ((image * in.height + r) * in.width + c) * channels;
            for (int64_t k = 0; k < channels; k++) {
              const bool larger = value[k] > best[k];
              best[k] = larger ? value[k] : best[k];
              who[k] = larger ? cell : who[k];
            }
          }
        }
        cell = 0;
        for (int64_t r = top_in; r < bottom_in; r++) {
          for (int64_t c = left_in; c < right_in; c++, cell++) {
            float* target = dx + ((image * in.height + r) * in.width + c) * channels;
            for (int64_t k = 0; k < channels; k++) target[k] += who[k] == cell ? source[k] : 0.0f;
          }
        }
      }
    }
  }
}

TWICE(pool_work, scatter_to_winners)

}  // namespace parapet
