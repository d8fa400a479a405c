// The gradient of max-pooling.
#pragma once
#include <limits>

#include "native-gate.h"

namespace parapet {

// Gradient of max-pooling for some images: dy of each window goes to the first of its largest cells, in reading order.
INLINE void scatter_to_winners(const Geometry& g, const Shape& in, const Shape& out, const float* dy, const float* x,
                               float* dx, int64_t first, int64_t end) {
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

// The same for windows of 2×2 side by side, in one pass.
template <int kLanes>
INLINE void scatter_quarters(const Shape& in, const Shape& out, const float* dy, const float* x, float* dx,
                             int64_t first, int64_t end) {
  using V = typename Vector<kLanes>::type;
  const int64_t channels = in.channels, line = in.width * channels;
  const V nothing = V{} - std::numeric_limits<float>::infinity();
  if (2 * out.height < in.height || 2 * out.width < in.width) {
    std::fill(dx + first * in.image(), dx + end * in.image(), 0.0f);
  }
  for (int64_t image = first; image < end; image++) {
    for (int64_t row = 0; row < out.height; row++) {
      for (int64_t column = 0; column < out.width; column++, dy += channels) {
        const int64_t start = image * in.image() + 2 * row * line + 2 * column * channels;
        const int64_t cells[] = {start, start + channels, start + line, start + line + channels};
        for (int64_t k = 0; k < channels; k += kLanes) {
          const int64_t count = channels - k;
          const bool whole = count >= kLanes;
          V best = nothing, left = whole ? load<kLanes>(dy + k) : load_first<kLanes>(dy + k, count), values[4];
#pragma GCC unroll 4
          for (int i = 0; i < 4; i++) {
            const float* from = x + cells[i] + k;
            values[i] = whole ? load<kLanes>(from) : load_first<kLanes>(from, count);
            best = values[i] > best ? values[i] : best;
          }
          // Of equal cells the first: once it has taken dy there is nothing left.
#pragma GCC unroll 4
          for (int i = 0; i < 4; i++) {
            const V taken = values[i] == best ? left : V{};
            left = values[i] == best ? V{} : left;
            if (whole) store<kLanes>(dx + cells[i] + k, taken);
            else store_first<kLanes>(dx + cells[i] + k, taken, count);
          }
        }
      }
    }
  }
}

#define COMPILED(suffix, target, lanes)                                                                                \
  target inline void pool_##suffix(const Geometry& g, const Shape& in, const Shape& out, const float* dy,              \
                                   const float* x, float* dx, int64_t first, int64_t end) {                            \
    const bool quarters = g.window_height == 2 && g.window_width == 2 && g.stride_height == 2 && g.stride_width == 2;  \
    if (quarters && g.pad_top == 0 && g.pad_left == 0 && 2 * out.height <= in.height && 2 * out.width <= in.width) {   \
      scatter_quarters<lanes>(in, out, dy + first * out.image(), x, dx, first, end);                                   \
    } else {                                                                                                           \
      scatter_to_winners(g, in, out, dy, x, dx, first, end);                                                           \
    }                                                                                                                  \
  }
COMPILED(plain, , 4)
COMPILED(avx2, WITH_AVX2, 8)
COMPILED(avx512, WITH_AVX512, 16)
#undef COMPILED

inline void max_pool_gradient(const Geometry& g, const Shape& in, const Shape& out, const float* dy, const float* x,
                              float* dx) {
  const int lanes = vector_floats();
  auto* const work = lanes == 16 ? pool_avx512 : lanes == 8 ? pool_avx2 : pool_plain;
  share(in.batch, in.batch * in.image(), [&](int64_t first, int64_t end) { work(g, in, out, dy, x, dx, first, end); });
}

// Max-pooling by 2×2 windows side by side: y and which cell each is, of those that are positive.
inline void pool_quarters(const Shape& in, const float* x, float* y, uint8_t* winners) {
  const int64_t rows = in.height / 2, columns = in.width / 2, channels = in.channels, line = in.width * channels;
  share(in.batch, in.batch * in.image(), [&](int64_t first, int64_t end) {
    for (int64_t place = first * rows * columns; place < end * rows * columns; place++) {
      const int64_t image = place / (rows * columns), row = place / columns % rows, column = place % columns;
      const float* cell = x + image * in.image() + 2 * row * line + 2 * column * channels;
      for (int64_t k = 0; k < channels; k++) {
        Vector<4>::type largest;
        const float* const below = cell + line;
        const Vector<4>::type cells[] = {{cell[k]}, {cell[k + channels]}, {below[k]}, {below[k + channels]}};
        winners[place * bytes_of(channels) + k] = pool<4>(cells, &largest)[0];
        y[place * channels + k] = largest[0];
      }
    }
  });
}

// dx [in], of dy where it came from.
inline void unpool_quarters(const Shape& in, const float* dy, const uint8_t* winners, float* dx) {
  const int64_t rows = in.height / 2, columns = in.width / 2, channels = in.channels, line = in.width * channels;
  share(in.batch, in.batch * in.image(), [&](int64_t first, int64_t end) {
    std::fill(dx + first * in.image(), dx + end * in.image(), 0.0f);
    for (int64_t place = first * rows * columns; place < end * rows * columns; place++) {
      const int64_t image = place / (rows * columns), row = place / columns % rows, column = place % columns;
      float* cell = dx + image * in.image() + 2 * row * line + 2 * column * channels;
      for (int64_t k = 0; k < channels; k++) {
        const int winner = winners[place * bytes_of(channels) + k];
        if (winner < kNobody) cell[winner / 2 * line + winner % 2 * channels + k] = dy[place * channels + k];
      }
    }
  });
}

}  // namespace parapet
