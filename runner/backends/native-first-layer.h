// Convolutions with few input channels, a first layer's: forward with bias and ReLU, and the input gradient.
#pragma once
#include "native-vector.h"

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

// Gradient of the images first … end − 1: of dy where mask > 0; mask may be null.
template <int kTaps>
INLINE void spread(const Geometry& g, const Shape& in, const Shape& out, const float* dy, const float* mask,
                   const float* filter, float* dx, int64_t first, int64_t end) {
  constexpr int kPixels = 64 / kTaps;
  float sums[64];
  const int64_t line_floats = out.width * out.channels;
  std::vector<float> masked(mask == nullptr ? 0 : line_floats);
  std::fill(dx + first * in.image(), dx + end * in.image(), 0.0f);
  for (int64_t image = first; image < end; image++) {
    for (int64_t row = 0; row < out.height; row++) {
      const int64_t start = (image * out.height + row) * line_floats;
      const float* line = dy + start;
      if (mask != nullptr) {
        for (int64_t i = 0; i < line_floats; i++) masked[i] = mask[start + i] > 0.0f ? line[i] : 0.0f;
        line = masked.data();
      }
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

// y = relu(x ∗ filter + bias) for the images first … end − 1. The taps of kRows outputs are put side by side, kTaps
// floats each, and multiplied with `filter` [panel][tap][kPanel].
template <int kLanes, int kTaps>
INLINE void gather(const Geometry& g, const Shape& in, const Shape& out, const float* x, const float* filter,
                   const float* bias, float* y, int64_t first, int64_t end) {
  using V = typename Vector<kLanes>::type;
  using B = Blocking<kLanes>;
  const int64_t line = g.window_width * in.channels, taps = g.window_height * line;
  const int64_t panels = round_up(out.channels, B::kPanel) / B::kPanel;
  const int64_t per_image = out.height * out.width, pixels = (end - first) * per_image;
  const float* const x_end = x + in.batch * in.image();
  alignas(64) float patches[B::kRows * kTaps + 16] = {};
  alignas(64) float sums[B::kRows * B::kPanel];
  for (int64_t start = 0; start < pixels; start += B::kRows) {
    const int64_t count = std::min<int64_t>(B::kRows, pixels - start);
    for (int64_t i = 0; i < count; i++) {
      const int64_t image = first + (start + i) / per_image, pixel = (start + i) % per_image;
      const int64_t top = pixel / out.width * g.stride_height - g.pad_top;
      const int64_t left = pixel % out.width * g.stride_width - g.pad_left;
      const float* from = x + image * in.image() + (top * in.width + left) * in.channels;
      float* to = patches + i * kTaps;
      const bool inside = top >= 0 && left >= 0 && top + g.window_height <= in.height &&
                          left + g.window_width <= in.width;
      // Whole vectors, whose ends the next line overwrites, unless they would read past the images.
      if (inside && from + (g.window_height - 1) * in.width * in.channels + line + 7 < x_end) {
        for (int64_t r = 0; r < g.window_height; r++, from += in.width * in.channels) {
          for (int64_t t = 0; t < line; t += 8) {
            *reinterpret_cast<Eight*>(to + r * line + t) = *reinterpret_cast<const Eight*>(from + t);
          }
        }
        continue;
      }
      for (int64_t r = 0; r < g.window_height; r++, from += in.width * in.channels) {
        for (int64_t t = 0; t < line; t++) {
          const int64_t column = left + t / in.channels;
          const bool there = top + r >= 0 && top + r < in.height && column >= 0 && column < in.width;
          to[r * line + t] = there ? from[t] : 0.0f;
        }
      }
    }
    for (int64_t panel = 0; panel < panels; panel++) {
      multiply<kLanes, B::kRows, kTaps>(patches, 0, filter + panel * taps * B::kPanel, taps, sums);
      for (int64_t i = 0; i < count; i++) {
        const int64_t pixel = first * per_image + start + i;
        for (int part = 0; part < B::kParts; part++) {
          const int64_t n = panel * B::kPanel + part * kLanes;
          const V value = load<kLanes>(sums + i * B::kPanel + part * kLanes) + load<kLanes>(bias + n);
          const V rectified = value < 0.0f ? V{} : value;
          float* to = y + pixel * out.channels + n;
          if (n + kLanes <= out.channels) store<kLanes>(to, rectified);
          else if (n < out.channels) store_first<kLanes>(to, rectified, out.channels - n);
        }
      }
    }
  }
}

#define COMPILED(suffix, target, lanes)                                                                               \
  target inline void gather_##suffix(const Geometry& g, const Shape& in, const Shape& out, const float* x,            \
                                     const float* filter, const float* bias, float* y, int64_t first, int64_t end) {  \
    if (g.window_height * g.window_width * in.channels <= 16) {                                                       \
      gather<lanes, 16>(g, in, out, x, filter, bias, y, first, end);                                                  \
    } else {                                                                                                          \
      gather<lanes, 32>(g, in, out, x, filter, bias, y, first, end);                                                  \
    }                                                                                                                 \
  }                                                                                                                   \
  target inline void spread_##suffix(const Geometry& g, const Shape& in, const Shape& out, const float* dy,           \
                                     const float* mask, const float* filter, float* dx, int64_t first, int64_t end) { \
    if (g.window_height * g.window_width * in.channels <= 16) {                                                       \
      spread<16>(g, in, out, dy, mask, filter, dx, first, end);                                                       \
    } else {                                                                                                          \
      spread<32>(g, in, out, dy, mask, filter, dx, first, end);                                                       \
    }                                                                                                                 \
  }
COMPILED(plain, , 4)
COMPILED(avx2, WITH_AVX2, 8)
COMPILED(avx512, WITH_AVX512, 16)
#undef COMPILED

// Most taps (height × width × input channels of a filter) of a first layer.
constexpr int64_t kMostTaps = 32;

inline void first_layer(const Geometry& g, const Shape& in, const Shape& out, const float* x, const float* filter,
                        const float* bias, float* y) {
  const int lanes = vector_floats(), panel = 2 * lanes;
  auto* const work = lanes == 16 ? gather_avx512 : lanes == 8 ? gather_avx2 : gather_plain;
  const int64_t taps = g.window_height * g.window_width * in.channels, columns = round_up(out.channels, panel);
  std::vector<float> panels(taps * columns), shift(columns);
  for (int64_t tap = 0; tap < taps; tap++) {
    for (int64_t n = 0; n < out.channels; n++) {
      panels[(n / panel * taps + tap) * panel + n % panel] = filter[tap * out.channels + n];
    }
  }
  std::copy(bias, bias + out.channels, shift.begin());
  share(out.batch, out.batch * out.image(), [&](int64_t first, int64_t end) {
    work(g, in, out, x, panels.data(), shift.data(), y, first, end);
  });
}

inline void first_layer_gradient(const Geometry& g, const Shape& in, const Shape& out, const float* dy,
                                 const float* mask, const float* filter, float* dx) {
  const int lanes = vector_floats();
  auto* const work = lanes == 16 ? spread_avx512 : lanes == 8 ? spread_avx2 : spread_plain;
  const int64_t taps = g.window_height * g.window_width * in.channels, row = taps > 16 ? 32 : 16;
  std::vector<float> transposed(out.channels * row);
  for (int64_t k = 0; k < out.channels; k++) {
    for (int64_t t = 0; t < taps; t++) transposed[k * row + t] = filter[t * out.channels + k];
  }
  share(in.batch, out.batch * out.image(), [&](int64_t first, int64_t end) {
    work(g, in, out, dy, mask, transposed.data(), dx, first, end);
  });
}

}  // namespace parapet
