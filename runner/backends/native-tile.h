// Tiles of images on their way into and out of Winograd's algorithm, with what comes right before and after it: on the
// way in the gradients of ReLU and of 2×2 max-pooling, on the way out both themselves.
#pragma once
#include "native-gate.h"
#include "native-minimal.h"

namespace parapet {

struct Convolution {
  int64_t batch, in_height, in_width, in_channels, out_height, out_width, out_channels, pad_top, pad_left;
  bool turned;  // filter [3, 3, out, in], turned by 180°, for an input gradient
  bool relu;    // negative outputs become 0
  bool pooled;  // the result is the largest of each 2×2 outputs side by side
  int64_t in_image() const { return in_height * in_width * in_channels; }
  int64_t out_image() const { return out_height * out_width * out_channels; }
  int64_t result_height() const { return pooled ? out_height / 2 : out_height; }
  int64_t result_width() const { return pooled ? out_width / 2 : out_width; }
};

// Where the places of a tile lie in the images; at zeros outside of them.
template <int kSize, Gate kGate>
struct Cells {
  const float* values[kSize * kSize];
  const void* gates[kSize * kSize];
  int32_t quarters[kSize * kSize];

  INLINE void find(const float* images, const void* gate, int64_t image, int64_t top, int64_t left, int64_t height,
                   int64_t width, int64_t channels, const float* zeros) {
    constexpr int64_t kStep = kGate == kWinners ? 2 : 1;
    const int64_t rows = height / kStep, columns = width / kStep;
    for (int64_t row = 0; row < kSize; row++) {
      for (int64_t column = 0; column < kSize; column++) {
        const int64_t r = top + row, s = left + column, cell = row * kSize + column;
        const bool inside = r >= 0 && r < rows * kStep && s >= 0 && s < columns * kStep;
        const int64_t place = inside ? (image * rows + r / kStep) * columns + s / kStep : 0;
        values[cell] = inside ? images + place * channels : zeros;
        const int64_t bytes = kGate == kWinners ? bytes_of(channels) : channels * sizeof(float);
        if (kGate != kOpen) gates[cell] = inside ? static_cast<const uint8_t*>(gate) + place * bytes : gate;
        quarters[cell] = (r & 1) * 2 + (s & 1);
      }
    }
  }

  // kLanes channels of a place, or `count` of them where they are not whole.
  template <int kLanes, bool kWhole>
  INLINE auto load(int cell, int64_t channel, int64_t count) const {
    using V = typename Vector<kLanes>::type;
    const float* from = values[cell] + channel;
    V value = kWhole ? parapet::load<kLanes>(from) : load_first<kLanes>(from, count);
    if (kGate == kMask) {
      const float* mask = static_cast<const float*>(gates[cell]) + channel;
      const V y = kWhole ? parapet::load<kLanes>(mask) : load_first<kLanes>(mask, count);
      value = y > 0.0f ? value : V{};
    }
    if (kGate == kWinners) {
      const uint8_t* winners = static_cast<const uint8_t*>(gates[cell]) + channel;
      value = load_bytes<kLanes>(winners, kWhole ? kLanes : count) == quarters[cell] ? value : V{};
    }
    return value;
  }
};

// Bᵀ d B of one tile for kLanes channels.
template <int kLanes, bool kWhole, Gate kGate>
INLINE void transform_tile(const Cells<kSide, kGate>& cells, int64_t channel, int64_t count, float* v, int64_t stride) {
  using V = typename Vector<kLanes>::type;
  V d[kSide], t[kSide * kSide];
#pragma GCC unroll 6
  for (int column = 0; column < kSide; column++) {
#pragma GCC unroll 6
    for (int row = 0; row < kSide; row++) {
      d[row] = cells.template load<kLanes, kWhole>(row * kSide + column, channel, count);
    }
    Minimal::input(d, 1, t + column, kSide);
  }
#pragma GCC unroll 6
  for (int row = 0; row < kSide; row++) {
    Minimal::input(t + row * kSide, 1, d, 1);
#pragma GCC unroll 6
    for (int column = 0; column < kSide; column++) store<kLanes>(v + (row * kSide + column) * stride, d[column]);
  }
}

// Aᵀ m A of one tile for kLanes channels, with bias and ReLU, into the `rows` × `columns` outputs that there are; where
// `kPooled`, the largest of each 2×2 of them that there are, and which it was.
template <int kLanes, bool kPooled>
INLINE void finish_tile(const Convolution& c, const float* m, int64_t stride, const float* bias, float* y,
                        uint8_t* winners, int64_t rows, int64_t columns, int64_t count) {
  using V = typename Vector<kLanes>::type;
  constexpr int kStep = kPooled ? 2 : 1;
  V column_in[kSide], t[kOut * kSide], values[kOut * kOut];
#pragma GCC unroll 6
  for (int column = 0; column < kSide; column++) {
#pragma GCC unroll 6
    for (int row = 0; row < kSide; row++) column_in[row] = load<kLanes>(m + (row * kSide + column) * stride);
    Minimal::output(column_in, 1, t + column, kSide);
  }
  const V shift = load<kLanes>(bias);
#pragma GCC unroll 4
  for (int row = 0; row < kOut; row++) {
    Minimal::output(t + row * kSide, 1, values + row * kOut, 1);
#pragma GCC unroll 4
    for (int column = 0; column < kOut; column++) {
      V& value = values[row * kOut + column];
      value += shift;
      if (c.relu) value = value < 0.0f ? V{} : value;
    }
  }
#pragma GCC unroll 4
  for (int row = 0; row < kOut; row += kStep) {
#pragma GCC unroll 4
    for (int column = 0; column < kOut; column += kStep) {
      if (row + kStep > rows || column + kStep > columns) continue;
      const int64_t place = row / kStep * c.result_width() + column / kStep;
      V value = values[row * kOut + column];
      if (kPooled) {
        const V* const below = values + (row + 1) * kOut + column;
        const V cells[] = {value, values[row * kOut + column + 1], below[0], below[1]};
        store_bytes<kLanes>(winners + place * bytes_of(c.out_channels), pool<kLanes>(cells, &value), count);
      }
      float* to = y + place * c.out_channels;
      if (count >= kLanes) store<kLanes>(to, value);
      else store_first<kLanes>(to, value, count);
    }
  }
}

}  // namespace parapet
